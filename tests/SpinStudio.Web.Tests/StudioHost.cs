using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Engine.Datasets;
using SpinStudio.Web.Features.Datasets;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Tests;

#pragma warning disable CA1001 // xunit disposes of it through IAsyncLifetime.
/// <summary>A studio on a data directory of its own, with a stand-in for the engine. Can be restarted on the same directory.</summary>
public sealed class StudioHost : IAsyncLifetime
#pragma warning restore CA1001
{
    public const string AdminName = "ada";
    public const string Password = "correct horse battery";

    private readonly Dictionary<string, string> settings = new();
    private Factory? factory;
    private bool listening;

    public string Data { get; } = Directory.CreateTempSubdirectory("spinstudio-web-").FullName;

    public IServiceProvider Services => factory!.Services;

    internal Factory Server => factory!;

    /// <summary>Where it listens; null while it only answers within this process.</summary>
    public Uri? Address { get; private set; }

    /// <summary>Listens on a free port of the loopback address, for programs of other languages.</summary>
    public StudioHost Listening()
    {
        listening = true;
        return With("urls", "http://127.0.0.1:0");
    }

    public StudioHost With(string key, string value)
    {
        settings[key] = value;
        return this;
    }

    public Task InitializeAsync()
    {
        factory = new Factory(Data, settings);
        if (listening)
        {
            factory.UseKestrel(0);
            factory.StartServer();
            Address = new Uri(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        }
        else
        {
            _ = factory.Server;
        }

        return Task.CompletedTask;
    }

    public async Task RestartAsync()
    {
        await factory!.DisposeAsync();
        await InitializeAsync();
    }

    public async Task StopAsync()
    {
        if (factory is not null)
        {
            await factory.DisposeAsync();
            factory = null;
        }
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        SqliteConnection.ClearAllPools();
        Directory.Delete(Data, recursive: true);
    }

    public StudioDb Db() => Services.GetRequiredService<IDbContextFactory<StudioDb>>().CreateDbContext();

    /// <summary>The services as a request of that account gets them.</summary>
    public async Task<AsyncServiceScope> AsAsync(string name)
    {
        await using var db = Db();
        var id = (await db.Users.SingleAsync(user => user.UserName == name)).Id;
        var scope = Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentUser>().Principal = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, id.ToString())], "test"));
        return scope;
    }

    /// <summary>A browser that nobody has logged in with.</summary>
    public Browser Anonymous() => new(this);

    /// <summary>The first account's browser; made on first use.</summary>
    public async Task<Browser> AdminAsync()
    {
        var browser = Anonymous();
        await using var db = Db();
        var response = await db.Users.AnyAsync()
            ? await browser.PostFormAsync("/account/login", ("name", AdminName), ("password", Password))
            : await browser.PostFormAsync("/account/setup", ("name", AdminName), ("password", Password), ("confirm", Password));
        Assert.Equal("/", response.Headers.Location?.ToString());
        return browser;
    }

    /// <summary>Another account with a role, logged in.</summary>
    public async Task<Browser> MemberAsync(string name, TeamRole role)
    {
        var admin = await AdminAsync();
        (await admin.PostAsync("/api/v1/members", new { name, password = Password, role = role.ToString().ToLowerInvariant() })).EnsureSuccessStatusCode();
        var browser = Anonymous();
        Assert.Equal("/", (await browser.PostFormAsync("/account/login", ("name", name), ("password", Password))).Headers.Location?.ToString());
        return browser;
    }

    /// <summary>A dataset and a model of the first team, straight in the database.</summary>
    public async Task<(Guid Model, Guid Dataset)> InputsAsync(int rows = 60)
    {
        await using var db = Db();
        var team = await db.Teams.FirstAsync();
        var store = Services.GetRequiredService<DatasetStore>();
        var dataset = new Dataset { TeamId = team.Id, Name = $"stories {Guid.NewGuid():N}", CreatedAt = DateTimeOffset.UtcNow };
        dataset.Versions.Add(await store.AddAsync(Enumerable.Range(0, rows).Select(i => new Example($"Prompt {i}", $"Answer {i}")), 1, "test", DateTimeOffset.UtcNow, default));
        var folder = Path.Combine(Data, "models", Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        // The plan of a run reads tokenizer and template; the weights are nobody's business here.
        foreach (var file in (string[])["config.json", "tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(StudioPaths.FindContent(), "samples", "model", file), Path.Combine(folder, file));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "model.safetensors"), "weights");
        var model = new Model
        {
            TeamId = team.Id, Name = "tiny model", Folder = Path.GetRelativePath(Data, folder), Sha256 = new string('a', 64), Architecture = "LlamaForCausalLM", Parameters = 10, Bytes = 9, CreatedAt = DateTimeOffset.UtcNow,
        };
        db.AddRange(dataset, model);
        await db.SaveChangesAsync();
        return (model.Id, dataset.Id);
    }

    /// <summary>A matching pair of antiforgery values for somebody who is not logged in.</summary>
    internal (string Cookie, string Field) AntiforgeryPair()
    {
        using var scope = Services.CreateScope();
        var tokens = scope.ServiceProvider.GetRequiredService<IAntiforgery>().GetTokens(new DefaultHttpContext { RequestServices = scope.ServiceProvider });
        return (tokens.CookieToken!, tokens.RequestToken!);
    }

    internal sealed class Factory(string data, Dictionary<string, string> settings) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Production");
            builder.UseContentRoot(StudioPaths.FindContent());
            builder.UseSetting("data", data);
            builder.UseSetting("Engine:Path", Path.Combine(AppContext.BaseDirectory, "fake-engine.sh"));
            builder.UseSetting("Studio:Seed", "false");
            builder.UseSetting("Logging:LogLevel:Default", "Warning");
            builder.UseSetting("Logging:LogLevel:Microsoft.Hosting.Lifetime", "Warning");
            foreach (var (key, value) in settings)
            {
                builder.UseSetting(key, value);
            }
        }
    }
}
