namespace SpinStudio.Cli.Doctor;

/// <summary>What <c>spinstudio doctor</c> found; <c>--json</c> writes it with snake_case keys.</summary>
internal sealed record DoctorReport
{
    public required string Spinstudio { get; init; }

    public required string Dotnet { get; init; }

    /// <summary>Operating system and processor architecture.</summary>
    public required string System { get; init; }

    public required string Libtorch { get; init; }

    public required Blas Blas { get; init; }

    public required ThreadFigures Threads { get; init; }

    /// <summary>cpu, and cuda where libtorch can use it.</summary>
    public required IReadOnlyList<string> Devices { get; init; }

    /// <summary>Measured rate of a square matrix product by dtype on the last of the devices, in 10⁹ floating-point operations a second.</summary>
    public required IReadOnlyDictionary<string, double> MatrixGflops { get; init; }

    public required MemoryFigures Memory { get; init; }

    public required DiskFigures Disk { get; init; }

    /// <summary>What to change, most useful first; empty when nothing is wrong.</summary>
    public IReadOnlyList<string> Advice { get; init; } = [];
}

/// <param name="Name">OpenBLAS, MKL, BLIS, reference or unknown.</param>
/// <param name="Path">The library that the process really loaded; null when none was found.</param>
internal sealed record Blas(string Name, string? Path);

/// <param name="Used">Threads that libtorch computes with.</param>
/// <param name="Cores">Processors that this process may use.</param>
/// <param name="OmpWaitPolicy">The environment's <c>OMP_WAIT_POLICY</c>; null when unset.</param>
internal sealed record ThreadFigures(int Used, int Cores, string? OmpWaitPolicy);

internal sealed record MemoryFigures(long TotalBytes, long AvailableBytes);

/// <param name="Path">The folder asked about.</param>
internal sealed record DiskFigures(string Path, long FreeBytes);
