using System.Runtime.InteropServices;

namespace SpinStudio.Torch;

/// <summary>The environment as native libraries see it; .NET keeps its own copy, which they do not.</summary>
internal static partial class NativeEnvironment
{
    internal static string? Get(string name) => Marshal.PtrToStringUTF8(getenv(name));

    /// <summary>Sets a variable that is not set yet.</summary>
    internal static void SetDefault(string name, string value) => _ = setenv(name, value, overwrite: 0);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getenv(string name);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
