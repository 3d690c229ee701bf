using SpinStudio.Testing;

namespace EndToEnd;

/// <summary>Where the built studio and its sources are.</summary>
internal static class Repository
{
    public static readonly string Root = Checkout.Root;

    /// <summary>debug or release: as these tests were built, so is the studio that they run.</summary>
    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;

    public static string Web => Path.Combine(Root, "artifacts", "bin", "SpinStudio.Web", Configuration, "SpinStudio.Web.dll");

    public static string In(params ReadOnlySpan<string> parts) => Checkout.In(parts);
}
