namespace SpinStudio.Torch;

public static unsafe partial class torch
{
    private static readonly string[] s_features = ["avx2", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16"];

    /// <summary>What the computing stands on, read from the libraries and the processor that this process runs with.</summary>
    public static BackendInfo backend_info()
    {
        var configuration = config();
        var libraries = LoadedLibraries();
        var (blas, blasPath) = LoadedBlas(libraries);
        var processor = ProcessorFacts();
        var flags = processor.GetValueOrDefault("flags", "").Split(' ');
        return new BackendInfo(
            version,
            configuration,
            blas,
            blasPath,
            libraries.Any(path => Path.GetFileName(path).StartsWith("libdnnl", StringComparison.Ordinal)) || configuration.Contains("USE_MKLDNN=ON", StringComparison.Ordinal),
            processor.GetValueOrDefault("model name", "unknown"),
            [.. s_features.Where(flags.Contains)],
            get_num_threads(),
            Environment.ProcessorCount,
            cuda_is_available(),
            NativeEnvironment.Get("OMP_WAIT_POLICY"));
    }

    /// <summary>The files of shared libraries in this process; the link libblas.so.3 shows as the file behind it.</summary>
    private static List<string> LoadedLibraries() =>
        !File.Exists("/proc/self/maps")
            ? []
            : [.. File.ReadLines("/proc/self/maps").Select(line => line.IndexOf('/', StringComparison.Ordinal) is >= 0 and var at ? line[at..] : "")
                .Where(path => path.Contains(".so", StringComparison.Ordinal)).Distinct()];

    private static (string name, string? path) LoadedBlas(List<string> libraries)
    {
        foreach (var (part, name) in new[] { ("openblas", "OpenBLAS"), ("mkl", "MKL"), ("blis", "BLIS"), ("atlas", "ATLAS"), ("/blas/libblas", "reference"), ("/libblas.so", "reference") })
            if (libraries.Find(path => path.Contains(part, StringComparison.Ordinal) && !path.Contains("dnnl", StringComparison.Ordinal)) is { } found)
                return (name, found);
        return ("unknown", null);
    }

    private static Dictionary<string, string> ProcessorFacts()
    {
        var facts = new Dictionary<string, string>();
        if (File.Exists("/proc/cpuinfo"))
            foreach (var parts in File.ReadLines("/proc/cpuinfo").TakeWhile(line => line.Length > 0).Select(line => line.Split(':', 2)))
                facts[parts[0].Trim()] = parts.Length > 1 ? parts[1].Trim() : "";
        return facts;
    }
}
