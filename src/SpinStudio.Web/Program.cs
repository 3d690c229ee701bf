using SpinStudio.Web;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = StudioPaths.FindContent() });
Addresses.Configure(builder);
Studio.Add(builder);
StudioPages.Add(builder);

var app = builder.Build();
StudioPages.Use(app);
Studio.Use(app);
StudioPages.Map(app);
await app.RunAsync();

/// <summary>The entry point, visible to tests.</summary>
public partial class Program;
