using SpinStudio.Web;

var builder = WebApplication.CreateBuilder(args);
StudioPages.Add(builder);

var app = builder.Build();
StudioPages.Map(app);
app.Run();

/// <summary>The entry point, visible to tests.</summary>
public partial class Program;
