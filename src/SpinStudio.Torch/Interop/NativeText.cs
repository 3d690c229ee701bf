using System.Text;

namespace SpinStudio.Torch;

/// <summary>Reads texts that a native call copies out: called once for the length, once for the bytes.</summary>
internal static unsafe class NativeText
{
    internal static string LastError() => Read(&Interop.spin_last_error);

    internal static string Version() => Read(&Interop.spin_version);

    internal static string Config() => Read(&Interop.spin_config);

    private static string Read(delegate*<byte*, int, int> copy)
    {
        var bytes = new byte[copy(null, 0)];
        fixed (byte* buffer = bytes)
            _ = copy(buffer, bytes.Length);
        return Encoding.UTF8.GetString(bytes);
    }
}
