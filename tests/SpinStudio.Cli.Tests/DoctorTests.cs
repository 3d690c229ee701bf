using System.Text.Json.Nodes;
using SpinStudio.Cli.Doctor;

namespace SpinStudio.Cli.Tests;

public sealed class DoctorTests
{
    private static readonly DoctorReport Healthy = new()
    {
        Spinstudio = "0.1.0",
        Dotnet = ".NET 10",
        System = "Linux, x64",
        Libtorch = "1.13.1",
        Blas = new Blas("OpenBLAS", "/usr/lib/libopenblas.so.0"),
        Threads = new ThreadFigures(2, 2, "PASSIVE"),
        Devices = ["cpu"],
        MatrixGflops = new Dictionary<string, double> { ["fp32"] = 130, ["bf16"] = 900 },
        Memory = new MemoryFigures(16_000_000_000, 12_000_000_000),
        Disk = new DiskFigures("/", 50_000_000_000),
    };

    [Fact]
    public async Task Json_holds_what_a_program_needs_to_know_about_the_machine()
    {
        var report = JsonNode.Parse((await Spinstudio.Run("doctor", "--json")).Success())!;

        Assert.Matches(@"^\d+\.\d+", (string)report["libtorch"]!);
        Assert.InRange((double)report["matrix_gflops"]!["fp32"]!, 0.1, 1e6);
        Assert.InRange((double)report["matrix_gflops"]!["bf16"]!, 0.1, 1e6);
        Assert.Equal(Environment.ProcessorCount, (int)report["threads"]!["used"]!);
        Assert.Contains("cpu", report["devices"]!.AsArray().Select(device => (string)device!));
        Assert.InRange((long)report["memory"]!["available_bytes"]!, 1, (long)report["memory"]!["total_bytes"]!);
        Assert.True((long)report["disk"]!["free_bytes"]! > 0);
        Assert.NotNull(report["advice"]);
    }

    [Fact]
    public async Task Text_names_rates_and_BLAS()
    {
        var text = (await Spinstudio.Run("doctor")).Success();

        Assert.Matches(@"fp32 products +[\d,]+ GFLOP/s", text);
        Assert.Matches(@"bf16 products +[\d,]+ GFLOP/s", text);
        Assert.Matches(@"BLAS +\S", text);
    }

    [Fact]
    public void A_healthy_machine_gets_no_advice() => Assert.Empty(Advice.For(Healthy));

    [Fact]
    public void The_reference_BLAS_is_advised_against() => Assert.Contains("libopenblas0-pthread", Only(Healthy with { Blas = new Blas("reference", "/lib/libblas.so.3") }), StringComparison.Ordinal);

    [Theory]
    [InlineData(null)]
    [InlineData("ACTIVE")]
    public void Busy_waiting_is_advised_against(string? policy) =>
        Assert.Contains("OMP_WAIT_POLICY=PASSIVE", Only(Healthy with { Threads = new ThreadFigures(2, 2, policy) }), StringComparison.Ordinal);

    [Fact]
    public void Idle_cores_are_named() => Assert.Contains("1 of 2 cores", Only(Healthy with { Threads = new ThreadFigures(1, 2, "PASSIVE") }), StringComparison.Ordinal);

    [Fact]
    public void Fp32_is_advised_where_bf16_is_slower() =>
        Assert.Contains("fp32", Only(Healthy with { MatrixGflops = new Dictionary<string, double> { ["fp32"] = 130, ["bf16"] = 9 } }), StringComparison.Ordinal);

    [Fact]
    public void Little_memory_and_little_disk_are_named()
    {
        Assert.Contains("1.5 GB of memory", Only(Healthy with { Memory = new MemoryFigures(16_000_000_000, 1_500_000_000) }), StringComparison.Ordinal);
        Assert.Contains("500.0 MB are free at /", Only(Healthy with { Disk = new DiskFigures("/", 500_000_000) }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3", "OpenBLAS")]
    [InlineData("/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0", "reference")]
    [InlineData("/opt/intel/libmkl_core.so.2", "MKL")]
    [InlineData("/usr/lib/libc.so.6", "unknown")]
    public void The_BLAS_is_the_one_that_was_loaded(string library, string name) =>
        Assert.Equal(name, LoadedBlas.In([$"7f0000-7f1000 r-xp 00000000 08:01 123    {library}", "7f2000-7f3000 rw-p 00000000 00:00 0"]).Name);

    private static string Only(DoctorReport report) => Assert.Single(Advice.For(report));
}
