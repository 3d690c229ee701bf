using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.FileProviders;
using Quartz;
using SpinStudio.Data;
using SpinStudio.Web.Engine;
using SpinStudio.Web.Features;
using SpinStudio.Web.Features.Account;
using SpinStudio.Web.Features.Activity;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Arenas;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Comparison;
using SpinStudio.Web.Features.Datasets;
using SpinStudio.Web.Features.Discussion;
using SpinStudio.Web.Features.Evaluations;
using SpinStudio.Web.Features.Fetches;
using SpinStudio.Web.Features.History;
using SpinStudio.Web.Features.Home;
using SpinStudio.Web.Features.Judging;
using SpinStudio.Web.Features.Keeping;
using SpinStudio.Web.Features.Insights;
using SpinStudio.Web.Features.Models;
using SpinStudio.Web.Features.Notifications;
using SpinStudio.Web.Features.OpenApi;
using SpinStudio.Web.Features.Playground;
using SpinStudio.Web.Features.Reports;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Features.Runs.New;
using SpinStudio.Web.Features.Runs.Planning;
using SpinStudio.Web.Features.Runs.Queue;
using SpinStudio.Web.Features.Samples;
using SpinStudio.Web.Features.Seeding;
using SpinStudio.Web.Features.Servers;
using SpinStudio.Web.Features.Search;
using SpinStudio.Web.Features.Settings;
using SpinStudio.Web.Features.Sharing;
using SpinStudio.Web.Features.Status;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Features.Tokens;
using SpinStudio.Web.Features.Uploads;
using SpinStudio.Web.Features.Webhooks;
using SpinStudio.Web.Hubs;
using SpinStudio.Web.Jobs;
using SpinStudio.Web.Live;
using SpinStudio.Web.Security;

namespace SpinStudio.Web;

/// <summary>The studio without its pages: services, and the order in which a request passes through.</summary>
internal static class Studio
{
    private const int MostHubMessageBytes = 32 * 1024;

    /// <summary>Longer than engines get for their checkpoints when the studio shuts down.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(20);

    public static void Add(WebApplicationBuilder builder)
    {
        var services = builder.Services;
        var paths = new StudioPaths(builder.Environment.ContentRootPath, builder.Configuration["data"] ?? Path.Combine(builder.Environment.ContentRootPath, "data"));
        services.AddSingleton(paths);
        services.AddSingleton(TimeProvider.System);
        services.Configure<StudioOptions>(builder.Configuration.GetSection(StudioOptions.Section));
        services.Configure<EngineOptions>(builder.Configuration.GetSection(EngineOptions.Section));
        services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);

        services.AddStudioDb(_ => StudioDbSetup.ConnectionString(paths.Database));
        services.AddAccounts(paths);
        AddFeatures(services);
        AddJobs(services, paths, builder.Configuration.GetValue($"{StudioOptions.Section}:{nameof(StudioOptions.Slots)}", 1));

        services.Configure<JsonOptions>(options => SnakeCase(options.SerializerOptions));
        services.AddSignalR(options => options.MaximumReceiveMessageSize = MostHubMessageBytes).AddJsonProtocol(options => SnakeCase(options.PayloadSerializerOptions));
        services.AddApiDocument();
        services.AddProblemDetails();
        services.AddHealthChecks();
    }

    public static void Use(WebApplication app)
    {
        app.UseResponseHeaders();
        if (!app.Environment.IsDevelopment())
        {
            app.UseWhen(context => context.Request.Path.StartsWithSegments("/api"), api => api.UseExceptionHandler());
        }

        app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(Path.Combine(app.Environment.ContentRootPath, "wwwroot")) });
        app.UseRouting();
        app.UseSameOrigin();
        app.UseAuthentication();
        app.UseCurrentUser();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.UseRateLimiter();
        app.UseSwaggerUI(options =>
        {
            options.RoutePrefix = "api/docs";
            options.SwaggerEndpoint("/api/openapi.json", "SpinStudio");
        });

        app.MapHealthChecks("/healthz").AllowAnonymous();
        app.MapOpenApi("/api/openapi.json");
        app.MapHub<RunHub>("/hubs/runs");
        AccountEndpoints.Map(app);
        DoorEndpoints.Map(app);
        StudioApi.Map(app);
        SharingEndpoints.MapPublic(app);
    }

    private static void AddFeatures(IServiceCollection services)
    {
        services.AddScoped<AccountService>();
        services.AddScoped<ApiTokens>();
        services.AddScoped<Invitations>();
        services.AddScoped<Passwords>();
        services.AddScoped<TeamService>();
        services.AddScoped<AuditLog>();
        services.AddScoped<AuditService>();
        services.AddScoped<Quotas>();
        services.AddSingleton<TeamDisk>();
        services.AddScoped<DatasetService>();
        services.AddScoped<DatasetImporting>();
        services.AddScoped<DatasetVersions>();
        services.AddScoped<DatasetRows>();
        services.AddScoped<DatasetDerivation>();
        services.AddScoped<DatasetReports>();
        services.AddSingleton<DatasetMeasuring>();
        services.AddSingleton<DatasetStore>();
        services.AddScoped<UploadService>();
        services.AddSingleton<UnpackedUploads>();
        services.AddScoped<ModelService>();
        services.AddScoped<ModelIntake>();
        services.AddSingleton<ModelReading>();
        services.AddSingleton<OutboundAddresses>();
        services.AddSingleton<FetchFeed>();
        services.AddScoped<FetchService>();
        services.AddScoped<FetchDownload>();
        services.AddScoped<RunService>();
        services.AddScoped<RunControl>();
        services.AddSingleton<RunDiscard>();
        services.AddScoped<QueueService>();
        services.AddScoped<FirstSteps>();
        services.AddScoped<RunCreation>();
        services.AddScoped<RunPlanning>();
        services.AddScoped<Launch>();
        services.AddScoped<TeamPresets>();
        services.AddSingleton<TemplateParity>();
        services.AddSingleton<DatasetCheck>();
        services.AddScoped<RunMetrics>();
        services.AddScoped<HistoryService>();
        services.AddScoped<RunKeeping>();
        services.AddScoped<ComparisonService>();
        services.AddScoped<RunReports>();
        services.AddSharing();
        ServerEndpoints.Add(services);
        JudgingEndpoints.Add(services);
        services.AddScoped<CommentService>();
        services.AddScoped<ActivityService>();
        services.AddScoped<LiveTeam>();
        services.AddArenas();
        services.AddSingleton<TeamNews>();
        services.AddSingleton<IInterceptor>(provider => provider.GetRequiredService<TeamNews>());
        services.AddSingleton<TeamEvents>();
        services.AddSingleton<WebhookQueue>();
        services.AddScoped<NotificationService>();
        services.AddScoped<WebhookService>();
        services.AddScoped<RunPurge>();
        services.AddScoped<RunInsights>();
        services.AddScoped<SampleService>();
        services.AddScoped<AnswerService>();
        services.AddScoped<EvaluationService>();
        services.AddScoped<PlaygroundService>();
        services.AddScoped<SearchService>();
        services.AddScoped<UserSettings>();
        services.AddScoped<SystemStatus>();
        services.AddSingleton<MachineMeter>();
        services.AddScoped<LiveRuns>();
        services.AddSingleton<RunFeed>();
        services.AddSingleton<RunStream>();
        services.AddSingleton<JournalTailer>();
        services.AddScoped<Seed>();
    }

    private static void AddJobs(IServiceCollection services, StudioPaths paths, int slots)
    {
        services.AddSingleton<EngineLocation>();
        services.AddSingleton<EngineCommand>();
        services.AddSingleton<PairsDownload>();
        services.AddSingleton<ModelServers>();
        services.AddHostedService(provider => provider.GetRequiredService<ModelServers>());
        services.AddSingleton<RunSupervisor>();
        services.AddSingleton<RunQueue>();
        services.AddSingleton<TeamPlaces>();

        // Before the scheduler's own service: hosted services start in this order.
        services.AddHostedService<Reconciliation>();
        services.AddHostedService<RunWatcher>();
        services.AddSingleton<FetchWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<FetchWorker>());
        services.AddHostedService<DigestBackfill>();
        services.AddHostedService<WebhookSender>();
        services.AddHostedService(provider => provider.GetRequiredService<JudgingWorker>());
        services.AddHostedService(services => services.GetRequiredService<DatasetMeasuring>());
        services.AddQuartz(quartz =>
        {
            quartz.UseDefaultThreadPool(Math.Max(1, slots));
            quartz.UsePersistentStore(store =>
            {
                store.UseSqlite(SqliteFactory.Instance, StudioDbSetup.ConnectionString(paths.Database));
                store.UseSystemTextJsonSerializer();
                store.ProvisionSchema();
            });
        });
        services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
    }

    /// <summary>As in run folders: the API, the hub and the files speak alike.</summary>
    private static void SnakeCase(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.AllowOutOfOrderMetadataProperties = true;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
    }
}
