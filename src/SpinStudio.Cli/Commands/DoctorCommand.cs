using System.CommandLine;
using System.Text.Json;
using SpinStudio.Cli.Doctor;
using SpinStudio.Cli.Output;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Commands;

/// <summary><c>doctor</c>: what this machine has, how fast it is, and what to change.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Write one JSON object instead of text." };
        var command = new Command("doctor", "Tell what this machine has, measure how fast it multiplies, and advise.") { json };
        command.SetAction(parsed => Run(parsed.GetValue(json)));
        return command;
    }

    private static int Run(bool json)
    {
        var report = Examination.Run(Environment.CurrentDirectory);
        Console.Out.WriteLine(json ? JsonSerializer.Serialize(report, RunJson.Pretty) : Text(report));
        return ExitCode.Done;
    }

    private static string Text(DoctorReport report)
    {
        var facts = TextTable.Render(["SpinStudio", report.Spinstudio],
        [
            [".NET", report.Dotnet],
            ["system", report.System],
            ["libtorch", report.Libtorch],
            ["BLAS", report.Blas.Name + (report.Blas.Path is { } path ? $" ({path})" : "")],
            ["threads", $"{report.Threads.Used} of {report.Threads.Cores} cores, OMP_WAIT_POLICY={report.Threads.OmpWaitPolicy ?? "(unset)"}"],
            ["devices", string.Join(", ", report.Devices)],
            .. report.MatrixGflops.Select(rate => (string[])[$"{rate.Key} products", $"{Figures.Count(rate.Value)} GFLOP/s"]),
            ["memory", $"{Figures.Bytes(report.Memory.AvailableBytes)} free of {Figures.Bytes(report.Memory.TotalBytes)}"],
            ["disk", $"{Figures.Bytes(report.Disk.FreeBytes)} free at {report.Disk.Path}"],
        ]);
        return report.Advice.Count == 0 ? facts + "\nNothing to improve." : facts + "\nAdvice\n" + string.Join('\n', report.Advice.Select(advice => "  - " + advice));
    }
}
