using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Testing;

namespace SpinStudio.Web.Tests;

public sealed class FetchTests : IAsyncLifetime, IDisposable
{
    private static readonly string Sample = Path.Combine(StudioPaths.FindContent(), "samples", "model");

    private readonly LoopbackHub hub = new();
    private readonly StudioHost host = new();
    private Browser admin = null!;

    public async Task InitializeAsync()
    {
        host.With("Studio:HubEndpoint", hub.Address.ToString()).With("Studio:UploadLimitBytes", "3000000");
        await host.InitializeAsync();
        admin = await host.AdminAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    public void Dispose() => hub.Dispose();

    [Fact]
    public async Task A_file_from_an_address_becomes_an_upload_that_can_be_imported()
    {
        var done = await EndOfAsync(await StartAsync(new { purpose = "dataset", source = "url", address = hub.AddFile("/files/rows.jsonl", Rows(30)).ToString() }));

        Assert.Equal("done", Text(done, "state"));
        Assert.Equal("rows.jsonl", Text(done, "name"));
        var imported = await admin.PostAsync("/api/v1/datasets", new { upload_ids = new[] { done.GetProperty("upload_id").GetGuid() }, name = "fetched" });
        Assert.True(imported.IsSuccessStatusCode, await imported.Content.ReadAsStringAsync());
        Assert.Equal(30, (await imported.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("rows").GetInt32());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(host.Data, "fetches")));
    }

    [Fact]
    public async Task Of_a_repository_with_several_files_one_is_chosen()
    {
        hub.Add("datasets/acme/rows", "train.jsonl", Rows(20));
        hub.Add("datasets/acme/rows", "test.jsonl", Rows(5));

        var unsaid = await PostAsync(new { purpose = "dataset", source = "hub", address = "acme/rows" });
        Assert.Equal(HttpStatusCode.BadRequest, unsaid.StatusCode);
        Assert.Contains("Choose one of its files: test.jsonl, train.jsonl", await unsaid.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var offer = await admin.GetJsonAsync("/api/v1/fetches/hub?purpose=dataset&repository=acme/rows");
        Assert.Equal(["test.jsonl", "train.jsonl"], offer.GetProperty("files").EnumerateArray().Select(file => Text(file, "path")));
        var done = await EndOfAsync(await StartAsync(new { purpose = "dataset", source = "hub", address = "acme/rows", file = "train.jsonl" }));
        Assert.Equal(("done", LoopbackHub.Commit), (Text(done, "state"), Text(done, "commit")));
        var upload = await admin.GetJsonAsync($"/api/v1/uploads/{done.GetProperty("upload_id").GetGuid()}");
        Assert.True(upload.GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task A_model_of_the_hub_appears_with_its_commit_and_licence()
    {
        hub.AddFolder("acme/sample", Sample);
        var done = await EndOfAsync(await StartAsync(new { purpose = "model", source = "hub", address = "acme/sample" }));

        Assert.Equal("done", Text(done, "state"));
        await using var db = host.Db();
        var model = await db.Models.SingleAsync();
        Assert.Equal((ModelOrigin.Hub, "apache-2.0", $"acme/sample at commit {LoopbackHub.Commit}", "acme/sample"), (model.Origin!.Value, model.License!, model.Source!, model.Name));
        Assert.Equal(model.Id, done.GetProperty("model_id").GetGuid());
        Assert.True(File.Exists(Path.Combine(host.Data, model.Folder, "model.safetensors")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(host.Data, "fetches")));
    }

    [Fact]
    public async Task A_model_that_the_engine_does_not_run_says_why_and_leaves_no_model()
    {
        hub.AddFolder("acme/other", Sample);
        hub.Add("acme/other", "config.json", """{"architectures": ["MambaForCausalLM"]}""");
        var failed = await EndOfAsync(await StartAsync(new { purpose = "model", source = "hub", address = "acme/other" }));

        Assert.Equal("failed", Text(failed, "state"));
        Assert.StartsWith("Config.json: architecture 'MambaForCausalLM' is not supported", Text(failed, "error"), StringComparison.Ordinal);
        await using var db = host.Db();
        Assert.False(await db.Models.AnyAsync());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(host.Data, "models")));
    }

    [Fact]
    public async Task A_restart_of_the_studio_goes_on_with_the_bytes_on_disk()
    {
        hub.AddFolder("acme/sample", Sample);
        hub.Pace = TimeSpan.FromMilliseconds(10);
        var id = await StartAsync(new { purpose = "model", source = "hub", address = "acme/sample" });
        await UntilAsync(id, fetch => fetch.GetProperty("bytes").GetInt64() > 300_000);
        await host.StopAsync();
        var part = new FileInfo(Path.Combine(host.Data, "fetches", id.ToString("N"), "model.safetensors.part")).Length;
        Assert.InRange(part, 1, long.MaxValue);
        hub.Pace = TimeSpan.Zero;

        await host.InitializeAsync();
        admin = await host.AdminAsync();

        Assert.Equal("done", Text(await EndOfAsync(id), "state"));
        Assert.Contains(hub.Requests, request => request.Range == $"bytes={part}-");
    }

    [Fact]
    public async Task A_cancelled_download_leaves_nothing_and_can_be_started_again()
    {
        hub.AddFolder("acme/sample", Sample);
        hub.Pace = TimeSpan.FromMilliseconds(10);
        var id = await StartAsync(new { purpose = "model", source = "hub", address = "acme/sample" });
        await UntilAsync(id, fetch => fetch.GetProperty("bytes").GetInt64() > 100_000);

        (await admin.PostAsync($"/api/v1/fetches/{id}/cancel")).EnsureSuccessStatusCode();
        Assert.Equal("cancelled", Text(await EndOfAsync(id), "state"));
        await WaitAsync(() => !Directory.EnumerateFileSystemEntries(Path.Combine(host.Data, "fetches")).Any());

        hub.Pace = TimeSpan.Zero;
        await WaitAsync(async () => (await admin.PostAsync($"/api/v1/fetches/{id}/retry")).IsSuccessStatusCode);
        Assert.Equal("done", Text(await EndOfAsync(id), "state"));
    }

    [Fact]
    public async Task A_damaged_file_is_told_in_words_and_tried_again()
    {
        hub.AddFolder("acme/sample", Sample);
        hub.WrongHash = new string('0', 64);
        var id = await StartAsync(new { purpose = "model", source = "hub", address = "acme/sample" });
        var failed = await EndOfAsync(id);
        Assert.Contains("SHA-256 of model.safetensors is", Text(failed, "error"), StringComparison.Ordinal);

        hub.WrongHash = null;
        (await admin.PostAsync($"/api/v1/fetches/{id}/retry")).EnsureSuccessStatusCode();
        Assert.Equal("done", Text(await EndOfAsync(id), "state"));
    }

    [Fact]
    public async Task More_than_the_upload_limit_is_not_downloaded()
    {
        var failed = await EndOfAsync(await StartAsync(new { purpose = "dataset", source = "url", address = hub.AddFile("/big.jsonl", new byte[3_000_001]).ToString() }));
        Assert.Contains("up to 3 MB are allowed", Text(failed, "error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_inside_is_not_followed()
    {
        using var secret = new LoopbackHub();
        var inside = secret.AddFile("/metadata", Rows(1));
        hub.Redirect("/open.jsonl", inside);
        var failed = await EndOfAsync(await StartAsync(new { purpose = "dataset", source = "url", address = new Uri(hub.Address, "/open.jsonl").ToString() }));
        Assert.Contains("which is not an allowed address", Text(failed, "error"), StringComparison.Ordinal);
        Assert.Empty(secret.Requests);
    }

    [Theory]
    [InlineData("url", "http://127.0.0.1:1/x")]
    [InlineData("url", "http://169.254.169.254/latest/meta-data")]
    [InlineData("url", "http://[::1]/x")]
    [InlineData("url", "file:///etc/passwd")]
    [InlineData("url", "https://a:b@example.com/x")]
    [InlineData("hub", "../../etc")]
    [InlineData("hub", "")]
    public async Task Addresses_that_lead_elsewhere_are_refused_at_once(string source, string address)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(new { purpose = "model", source, address })).StatusCode);
        await using var db = host.Db();
        Assert.False(await db.Fetches.AnyAsync());
    }

    [Fact]
    public async Task A_viewer_sees_downloads_but_starts_and_ends_none()
    {
        var id = await StartAsync(new { purpose = "dataset", source = "url", address = hub.AddFile("/rows.jsonl", Rows(3)).ToString() });
        var viewer = await host.MemberAsync("vera", TeamRole.Viewer);
        Assert.Equal(id, (await viewer.GetJsonAsync($"/api/v1/fetches/{id}")).GetProperty("id").GetGuid());
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync("/api/v1/fetches", new { purpose = "model", source = "hub", address = "acme/sample" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync($"/api/v1/fetches/{id}/cancel")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.DeleteAsync($"/api/v1/fetches/{id}")).StatusCode);
    }

    [Fact]
    public async Task Another_team_s_download_does_not_exist()
    {
        await using var db = host.Db();
        var team = new Team { Name = "others", CreatedAt = DateTimeOffset.UtcNow };
        var user = await db.Users.FirstAsync();
        var fetch = new Fetch { TeamId = team.Id, UserId = user.Id, Address = "acme/sample", Name = "theirs", State = FetchState.Done, CreatedAt = DateTimeOffset.UtcNow };
        db.AddRange(team, fetch);
        await db.SaveChangesAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/fetches/{fetch.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync($"/api/v1/fetches/{fetch.Id}/cancel")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"/api/v1/fetches/{fetch.Id}")).StatusCode);
        Assert.Empty((await admin.GetJsonAsync("/api/v1/fetches")).EnumerateArray());
    }

    private static byte[] Rows(int count) =>
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, count).Select(i => $"{{\"prompt\":\"Prompt {i}\",\"response\":\"Answer {i}\"}}\n")));

    private static string Text(JsonElement json, string key) => json.GetProperty(key).GetString()!;

    private Task<HttpResponseMessage> PostAsync(object request) => admin.PostAsync("/api/v1/fetches", request);

    private async Task<Guid> StartAsync(object request)
    {
        var answer = await PostAsync(request);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    private Task<JsonElement> EndOfAsync(Guid id) => UntilAsync(id, fetch => Text(fetch, "state") is "done" or "failed" or "cancelled");

    private async Task<JsonElement> UntilAsync(Guid id, Func<JsonElement, bool> condition)
    {
        JsonElement fetch = default;
        await WaitAsync(async () => condition(fetch = await admin.GetJsonAsync($"/api/v1/fetches/{id}")));
        return fetch;
    }

    private static Task WaitAsync(Func<bool> condition) => WaitAsync(() => Task.FromResult(condition()));

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        for (var tries = 0; !await condition(); tries++)
        {
            Assert.True(tries < 600, "It did not happen within 30 seconds.");
            await Task.Delay(50);
        }
    }
}
