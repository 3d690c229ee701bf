using System.Reflection;
using System.Runtime.InteropServices;
using SpinStudio.Engine.Models;
using SpinStudio.Torch;

namespace SpinStudio.Cli.Doctor;

/// <summary>Looks at the machine as a run will find it.</summary>
internal static class Examination
{
    public static DoctorReport Run(string folder)
    {
        var cores = Environment.ProcessorCount;
        torch.set_num_threads(cores);
        var device = torch.cuda_is_available() ? torch.CUDA : torch.CPU;
        var rates = new Dictionary<string, double>
        {
            ["fp32"] = Math.Round(MatrixRate.Gflops(ScalarType.Float32, device), 1),
            ["bf16"] = Math.Round(MatrixRate.Gflops(ScalarType.BFloat16, device), 1),
        };
        var report = new DoctorReport
        {
            Spinstudio = Version,
            Dotnet = RuntimeInformation.FrameworkDescription,
            System = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
            Libtorch = torch.version,
            Blas = LoadedBlas.Find(),
            Threads = new ThreadFigures(torch.get_num_threads(), cores, Environment.GetEnvironmentVariable("OMP_WAIT_POLICY")),
            Devices = ComputeDevice.Available,
            MatrixGflops = rates,
            Memory = MachineMemory.Read(),
            Disk = new DiskFigures(folder, new DriveInfo(folder).AvailableFreeSpace),
        };
        return report with { Advice = [.. Advice.For(report)] };
    }

    private static string Version => typeof(Examination).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
