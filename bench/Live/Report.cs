using System.Globalization;

namespace SpinStudio.Bench.Live;

internal static class Report
{
    public static void Line(string what, string unit, IReadOnlyList<double> values, double target)
    {
        if (values.Count == 0)
        {
            Console.WriteLine($"{what}: nothing was measured");
            return;
        }

        var sorted = values.Order().ToArray();
        double At(double share) => sorted[(int)Math.Round(share * (sorted.Length - 1))];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: median {At(0.5):0} {unit}, p95 {At(0.95):0}, max {sorted[^1]:0} (n = {sorted.Length}; target: median {target:0}) {(At(0.5) <= target ? "met" : "MISSED")}"));
    }
}
