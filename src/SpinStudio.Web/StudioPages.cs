namespace SpinStudio.Web;

/// <summary>The pages: what they need and where they are.</summary>
internal static class StudioPages
{
    public static void Add(WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
    }

    public static void Map(WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
    }
}
