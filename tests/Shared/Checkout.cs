namespace SpinStudio.Testing;

/// <summary>The clone that the tests were built in.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    /// <summary>A path in it.</summary>
    public static string In(params ReadOnlySpan<string> path) => Path.Combine([Root, .. path]);

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "SpinStudio.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("these tests run within the repository");
        return folder.FullName;
    }
}
