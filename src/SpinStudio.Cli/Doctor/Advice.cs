using SpinStudio.Cli.Output;

namespace SpinStudio.Cli.Doctor;

/// <summary>What to change on a machine so that runs go faster or do not fail.</summary>
internal static class Advice
{
    private const long Gigabyte = 1_000_000_000;

    public static IEnumerable<string> For(DoctorReport report)
    {
        if (report.Blas.Name == "reference")
            yield return "fp32 products run on the reference BLAS, some 40 times slower than they could: install OpenBLAS (apt-get install libopenblas0-pthread).";
        if (!string.Equals(report.Threads.OmpWaitPolicy, "passive", StringComparison.OrdinalIgnoreCase))
            yield return "OMP_WAIT_POLICY is not PASSIVE: beside any busy program every parallel operator costs milliseconds. Start with OMP_WAIT_POLICY=PASSIVE in the environment, as ./studio does.";
        if (report.Threads.Used < report.Threads.Cores)
            yield return $"libtorch uses {report.Threads.Used} of {report.Threads.Cores} cores.";
        if (report.MatrixGflops.TryGetValue("bf16", out var bf16) && report.MatrixGflops.TryGetValue("fp32", out var fp32) && bf16 < fp32)
            yield return $"bf16 products are slower here than fp32 ones ({bf16:0} against {fp32:0} GFLOP/s): set \"dtype\": \"fp32\" in run configs.";
        if (report.Memory.AvailableBytes < 2 * Gigabyte)
            yield return $"{Figures.Bytes(report.Memory.AvailableBytes)} of memory are free; the bundled sample wants 2 GB.";
        if (report.Disk.FreeBytes < 2 * Gigabyte)
            yield return $"{Figures.Bytes(report.Disk.FreeBytes)} are free at {report.Disk.Path}; a run keeps a model per iteration and a checkpoint of three times its size.";
    }
}
