namespace SpinStudio.Cli.Doctor;

/// <summary>Which BLAS libtorch's products in fp32 really run on.</summary>
internal static class LoadedBlas
{
    /// <summary>Looks at the libraries that this process has loaded: what is installed says less, since an alternative decides which one is taken.</summary>
    public static Blas Find() => File.Exists("/proc/self/maps") ? In(File.ReadLines("/proc/self/maps")) : new Blas("unknown", null);

    /// <param name="maps">Lines of <c>/proc/self/maps</c>.</param>
    public static Blas In(IEnumerable<string> maps)
    {
        var libraries = maps
            .Select(line => line.IndexOf('/', StringComparison.Ordinal) is var start and >= 0 ? line[start..] : "")
            .Where(path => path.Contains(".so", StringComparison.Ordinal))
            .Distinct()
            .ToList();
        foreach (var (name, part) in new[] { ("MKL", "libmkl_"), ("OpenBLAS", "openblas"), ("BLIS", "libblis") })
        {
            if (libraries.Find(path => path.Contains(part, StringComparison.Ordinal)) is { } path)
                return new Blas(name, path);
        }

        return libraries.Find(path => Path.GetFileName(path).StartsWith("libblas.so", StringComparison.Ordinal)) is { } reference
            ? new Blas("reference", reference)
            : new Blas("unknown", null);
    }
}
