using System.Reflection;
using System.Runtime.InteropServices;

namespace SpinStudio.Torch;

/// <summary>Finds <c>libspinstudio_torch.so</c> and prepares the native environment before libtorch comes in with it.</summary>
internal static class NativeLoader
{
    private const string FileName = "libspinstudio_torch.so";

    /// <summary>A path in this variable is tried first: for a library built against another libtorch.</summary>
    private const string PathVariable = "SPINSTUDIO_TORCH_LIBRARY";

    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Interop.Library)
            return 0;

        // libgomp's waiting threads spin: with a busy neighbour each parallel operator then costs milliseconds. libgomp reads this when it is loaded,
        // and Environment.SetEnvironmentVariable does not reach native code. A value that the user has set stays.
        NativeEnvironment.SetDefault("OMP_WAIT_POLICY", "PASSIVE");

        var attempts = new List<string>();
        foreach (var path in Candidates())
        {
            if (!File.Exists(path))
            {
                attempts.Add($"  {path}: no such file");
                continue;
            }
            try
            {
                return NativeLibrary.Load(path);
            }
            catch (DllNotFoundException error)
            {
                attempts.Add($"  {path}: {error.Message.ReplaceLineEndings(" ")}");
            }
        }
        throw new TorchException(
            $"{FileName} could not be loaded. Tried:\n{string.Join('\n', attempts)}\n" +
            "Run ./studio up, or install libtorch (apt-get install libtorch-dev libopenblas0-pthread) and build again; " +
            $"{PathVariable} may name the file to load.");
    }

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } configured)
            yield return Path.GetFullPath(configured);
        yield return Path.Combine(AppContext.BaseDirectory, FileName);
        if (Path.GetDirectoryName(typeof(NativeLoader).Assembly.Location) is { Length: > 0 } folder && folder != AppContext.BaseDirectory.TrimEnd('/'))
            yield return Path.Combine(folder, FileName);
    }
}
