using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace SpinStudio.Web.Tests;

/// <summary>From a file to a dataset and back.</summary>
public sealed class DatasetTests : IAsyncLifetime
{
    private readonly StudioHost host = new();
    private Browser admin = null!;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_file_becomes_a_dataset_that_can_be_read_and_downloaded()
    {
        var upload = await UploadAsync("rows.csv", "question,answer\nWhat is 2+2?,Four.\n\"A, b\",\"C \"\"d\"\"\"\n");
        var preview = await PreviewAsync(upload);
        Assert.Equal("question and answer", preview.GetProperty("format").GetString());
        Assert.Equal(2, preview.GetProperty("valid_rows").GetInt32());
        Assert.Equal("question", preview.GetProperty("mapping").GetProperty("prompt").GetString());

        var dataset = await ImportAsync(new { upload_ids = new[] { upload }, name = "sums" });
        Assert.Equal(2, dataset.GetProperty("rows").GetInt32());
        var id = dataset.GetProperty("id").GetString();
        var rows = await admin.GetJsonAsync($"/api/v1/datasets/{id}/search?q=FOUR");
        Assert.Equal("What is 2+2?", Assert.Single(rows.GetProperty("items").EnumerateArray()).GetProperty("prompt").GetString());

        var download = await admin.GetAsync($"/api/v1/datasets/{id}/download");
        Assert.Equal("sums.jsonl", download.Content.Headers.ContentDisposition!.FileName);
        var bytes = await download.Content.ReadAsByteArrayAsync();
        Assert.Equal(dataset.GetProperty("sha256").GetString(), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
        // The upload is used up.
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Data, "uploads")));
    }

    [Fact]
    public async Task A_bad_row_is_named_and_refuses_the_whole_import_unless_left_out()
    {
        var upload = await UploadAsync("rows.jsonl", """
            {"prompt": "a", "response": "b"}
            {"prompt": "c"}
            {"prompt": "d", "response": "e"}
            """);
        var error = Assert.Single((await PreviewAsync(upload)).GetProperty("errors").EnumerateArray());
        Assert.Equal(2, error.GetProperty("row").GetInt32());

        var refused = await admin.PostAsync("/api/v1/datasets", new { upload_ids = new[] { upload }, name = "rows" });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("row 2", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, (await admin.GetJsonAsync("/api/v1/datasets")).GetArrayLength());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Data, "datasets")));

        Assert.Equal(2, (await ImportAsync(new { upload_ids = new[] { upload }, name = "rows", skip_bad_rows = true })).GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task Unknown_columns_are_mapped_by_hand()
    {
        var upload = await UploadAsync("rows.csv", "frage,antwort\nWie?,So.\n");
        var preview = await PreviewAsync(upload);
        Assert.True(preview.GetProperty("needs_mapping").GetBoolean());
        Assert.Equal(["frage", "antwort"], preview.GetProperty("columns").EnumerateArray().Select(column => column.GetString()));
        var dataset = await ImportAsync(new { upload_ids = new[] { upload }, name = "fragen", mapping = new { prompt = "frage", response = "antwort" } });
        Assert.Equal(1, dataset.GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task A_new_version_leaves_the_old_one_as_it_was()
    {
        var first = await ImportAsync(new { upload_ids = new[] { await UploadAsync("a.jsonl", """{"prompt": "a", "response": "b"}""") }, name = "rows" });
        var second = await ImportAsync(new { upload_ids = new[] { await UploadAsync("b.jsonl", """{"prompt": "c", "response": "d"}""") }, name = "", dataset_id = first.GetProperty("id").GetString() });
        Assert.Equal(2, second.GetProperty("version").GetInt32());
        var versions = (await admin.GetJsonAsync($"/api/v1/datasets/{first.GetProperty("id").GetString()}")).GetProperty("versions");
        Assert.Equal(first.GetProperty("sha256").GetString(), versions[1].GetProperty("sha256").GetString());
        Assert.Equal(2, Directory.EnumerateFiles(Path.Combine(host.Data, "datasets"), "*.jsonl").Count());
    }

    [Fact]
    public async Task A_dataset_that_a_run_uses_stays_and_shared_content_outlives_one_of_its_datasets()
    {
        var (model, used) = await host.InputsAsync();
        (await admin.PostAsync("/api/v1/runs", RunRequests.Named("quick", model, used))).EnsureSuccessStatusCode();
        var refused = await admin.DeleteAsync($"/api/v1/datasets/{used}");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("quick", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        const string Row = """{"prompt": "a", "response": "b"}""";
        var one = await ImportAsync(new { upload_ids = new[] { await UploadAsync("a.jsonl", Row) }, name = "one" });
        var two = await ImportAsync(new { upload_ids = new[] { await UploadAsync("a.jsonl", Row) }, name = "two" });
        (await admin.DeleteAsync($"/api/v1/datasets/{one.GetProperty("id").GetString()}")).EnsureSuccessStatusCode();
        Assert.Equal(1, (await admin.GetJsonAsync($"/api/v1/datasets/{two.GetProperty("id").GetString()}/rows")).GetProperty("total").GetInt32());
    }

    private async Task<Guid> UploadAsync(string name, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var created = await admin.PostAsync("/api/v1/uploads", new { file_name = name, length = bytes.Length });
        var id = (await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        (await admin.SendAsync(HttpMethod.Put, $"/api/v1/uploads/{id}?offset=0", new ByteArrayContent(bytes))).EnsureSuccessStatusCode();
        return id;
    }

    private async Task<JsonElement> PreviewAsync(Guid upload) => await ReadAsync(await admin.PostAsync("/api/v1/datasets/preview", new { upload_ids = new[] { upload } }));

    private async Task<JsonElement> ImportAsync(object request) => await ReadAsync(await admin.PostAsync("/api/v1/datasets", request));

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
