using System.Runtime.InteropServices;

namespace SpinStudio.Engine.Tables;

/// <summary>Where DuckDB's library is: beside the program, or in the npm packages of the clone that the program was built in.</summary>
internal static class DuckDbLibrary
{
    private const string Name = "libduckdb.so";

    /// <exception cref="BadInputException">It is in none of these places, or cannot be loaded.</exception>
    public static nint Load()
    {
        var tried = Places().ToList();
        if (tried.FirstOrDefault(File.Exists) is not { } path)
            throw new BadInputException($"Parquet and compressed files are read by DuckDB, whose library {Name} was not found. Run npm ci in the clone, or put it beside the program (looked in {string.Join(", ", tried)})");
        return NativeLibrary.TryLoad(path, out var handle) ? handle : throw new BadInputException($"{path} cannot be loaded; is it built for this system?");
    }

    private static IEnumerable<string> Places()
    {
        yield return Path.Combine(AppContext.BaseDirectory, Name);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "package-lock.json")))
                yield return Path.Combine(folder.FullName, "node_modules", "@duckdb", "node-bindings-linux-x64", Name);
    }
}
