using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

/// <summary>What is made of datasets: derived versions, exports, statistics; and what is refused.</summary>
public sealed class DatasetVersionTests : IAsyncLifetime
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
    public async Task Any_row_of_any_version_is_read_by_place_and_as_it_is()
    {
        var id = (await admin.ImportAsync("many", ("rows.jsonl", DatasetApi.Rows(1000, i => ($"Prompt {i}", $"Answer {i} ü"))))).Id();
        var page = await admin.GetJsonAsync($"/api/v1/datasets/{id}/rows?skip=700&take=2");
        Assert.Equal(1000, page.GetProperty("total").GetInt32());
        Assert.Equal(["Prompt 700", "Prompt 701"], page.GetProperty("items").EnumerateArray().Select(row => row.GetProperty("prompt").GetString()));
        Assert.Equal(701, page.GetProperty("items")[0].GetProperty("number").GetInt32());
        Assert.Equal("""{"prompt":"Prompt 700","response":"Answer 700 ü"}""", await (await admin.GetAsync($"/api/v1/datasets/{id}/rows/701/raw")).Content.ReadAsStringAsync());
        Assert.Empty((await admin.GetJsonAsync($"/api/v1/datasets/{id}/rows?skip=5000")).GetProperty("items").EnumerateArray());
        await RefusedAsync(await admin.GetAsync($"/api/v1/datasets/{id}/rows/1001/raw"), HttpStatusCode.NotFound, "the rows are 1 to 1000");
        await RefusedAsync(await admin.GetAsync($"/api/v1/datasets/{id}/rows?version=2"), HttpStatusCode.NotFound, "no such version");
        await RefusedAsync(await admin.GetAsync($"/api/v1/datasets/{id}/rows?held_out=true"), HttpStatusCode.NotFound, "has no held-out rows; split it first");
    }

    [Fact]
    public async Task A_search_says_how_far_it_looked_and_goes_on_from_there()
    {
        var id = (await admin.ImportAsync("many", ("rows.jsonl", DatasetApi.Rows(1000, i => ($"Prompt {i}", i % 10 == 0 ? "a Needle" : "hay"))))).Id();
        var first = await admin.GetJsonAsync($"/api/v1/datasets/{id}/search?q=needle&take=30");
        Assert.Equal(30, first.GetProperty("items").GetArrayLength());
        Assert.Equal((292, 291, 1000), (first.GetProperty("next").GetInt32(), first.GetProperty("looked").GetInt32(), first.GetProperty("of").GetInt32()));
        var rest = await admin.GetJsonAsync($"/api/v1/datasets/{id}/search?q=needle&take=100&from=292");
        Assert.Equal(301, rest.GetProperty("items")[0].GetProperty("number").GetInt32());
        Assert.Equal(70, rest.GetProperty("items").GetArrayLength());
        Assert.False(rest.TryGetProperty("next", out _));
        await RefusedAsync(await admin.GetAsync($"/api/v1/datasets/{id}/search?q=%20"), HttpStatusCode.BadRequest, "1 to 200 characters");
        await RefusedAsync(await admin.GetAsync($"/api/v1/datasets/{id}/search?q={new string('x', 201)}"), HttpStatusCode.BadRequest, "got 201");
    }

    [Fact]
    public async Task A_split_is_a_new_version_whose_prompts_are_on_one_side_only()
    {
        var dataset = await admin.ImportAsync("pairs", ("rows.jsonl", DatasetApi.Rows(400, i => ($"Prompt {i / 2}", $"Answer {i}"))));
        var split = await admin.DeriveAsync(dataset.Id(), new { operation = "split", share = 0.25, seed = 7 });
        Assert.Equal((dataset.Id(), 2), (split.Id(), split.GetProperty("version").GetInt32()));
        Assert.Equal(400, split.GetProperty("rows").GetInt32() + split.GetProperty("held_out_rows").GetInt32());
        Assert.InRange(split.GetProperty("held_out_rows").GetInt32(), 60, 140);
        var (train, heldOut) = (await PromptsAsync(dataset.Id(), 2, false), await PromptsAsync(dataset.Id(), 2, true));
        Assert.Empty(train.Intersect(heldOut));

        var versions = (await admin.GetJsonAsync($"/api/v1/datasets/{dataset.Id()}")).GetProperty("versions");
        Assert.Equal("split of pairs version 1: 25 % of the prompts held out, seed 7", versions[0].GetProperty("source").GetString());
        Assert.Equal((StudioHost.AdminName, 1), (versions[0].GetProperty("created_by").GetString(), versions[0].GetProperty("parent").GetProperty("number").GetInt32()));
        Assert.Equal(dataset.GetProperty("sha256").GetString(), versions[1].GetProperty("sha256").GetString());

        var again = await admin.DeriveAsync(dataset.Id(), new { operation = "split", share = 0.25, seed = 7, version = 1, name = "pairs, split" });
        Assert.NotEqual(dataset.Id(), again.Id());
        Assert.Equal(split.GetProperty("sha256").GetString(), again.GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task Samples_merges_and_distinct_rows_are_new_versions()
    {
        var one = (await admin.ImportAsync("one", ("a.jsonl", DatasetApi.Rows(100, i => ($"Prompt {i % 50}", $"Answer {i % 80}"))))).Id();
        var two = (await admin.ImportAsync("two", ("b.jsonl", DatasetApi.Rows(10, i => ($"Other {i}", "x"))))).Id();
        Assert.Equal(30, (await admin.DeriveAsync(one, new { operation = "sample", rows = 30, version = 1 })).GetProperty("rows").GetInt32());
        var merged = await admin.DeriveAsync(one, new { operation = "merge", other_id = two, version = 1 });
        Assert.Equal(110, merged.GetProperty("rows").GetInt32());
        Assert.Equal("Other 9", (await admin.GetJsonAsync($"/api/v1/datasets/{one}/rows?skip=109")).GetProperty("items")[0].GetProperty("prompt").GetString());
        Assert.Equal("one version 1, merged with two version 1", merged.GetProperty("source").GetString());
        // Rows i and i + 400 would be equal; of 100 rows none is, but each prompt comes twice.
        Assert.Equal(100, (await admin.DeriveAsync(one, new { operation = "deduplicate", version = 1 })).GetProperty("rows").GetInt32());
        Assert.Equal(50, (await admin.DeriveAsync(one, new { operation = "deduplicate", version = 1, by_prompt = true })).GetProperty("rows").GetInt32());
    }

    [Theory]
    [InlineData("""{"operation": "split", "share": 1}""", "above 0 and below 1 (got 1)")]
    [InlineData("""{"operation": "split", "share": -0.5}""", "above 0 and below 1 (got -0.5)")]
    [InlineData("""{"operation": "split", "share": 1e-9}""", "No row would be left")]
    [InlineData("""{"operation": "sample", "rows": 0}""", "1 to 4 rows (got 0)")]
    [InlineData("""{"operation": "sample", "rows": 5}""", "1 to 4 rows (got 5)")]
    [InlineData("""{"operation": "merge"}""", "Choose the dataset to merge with")]
    [InlineData("""{"operation": "sample", "rows": 1, "name": "  "}""", "needs a name")]
    [InlineData("""{"operation": "sample", "rows": 1, "name": "rows"}""", "There is a dataset called rows")]
    public async Task What_cannot_be_derived_is_refused_and_leaves_nothing(string request, string reason)
    {
        var id = (await admin.ImportAsync("rows", ("a.jsonl", DatasetApi.Rows(4, i => ($"{i}", "a"))))).Id();
        var answer = await admin.SendAsync(HttpMethod.Post, $"/api/v1/datasets/{id}/derive", new StringContent(request, Encoding.UTF8, "application/json"));
        Assert.True(answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Conflict, answer.StatusCode.ToString());
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(1, (await admin.GetJsonAsync($"/api/v1/datasets/{id}")).GetProperty("versions").GetArrayLength());
        Assert.Single(Directory.EnumerateFiles(Path.Combine(host.Data, "datasets")), file => !file.EndsWith(".index", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Several_files_of_one_layout_become_one_dataset()
    {
        var dataset = await admin.ImportAsync("both", ("a.csv", "question,answer\nA?,a\n"), ("b.csv", "question,answer\nB?,b\nC?,c\n"));
        Assert.Equal((3, "a.csv, b.csv (question and answer)"), (dataset.GetProperty("rows").GetInt32(), dataset.GetProperty("source").GetString()));
        var bytes = await (await admin.GetAsync($"/api/v1/datasets/{dataset.Id()}/download")).Content.ReadAsByteArrayAsync();
        Assert.Equal(dataset.GetProperty("sha256").GetString(), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Data, "uploads")));
    }

    [Fact]
    public async Task Files_of_different_layouts_are_not_mixed()
    {
        Guid[] uploads = [await admin.UploadAsync("a.csv", "question,answer\nA?,a\n"), await admin.UploadAsync("b.jsonl", """{"prompt": "p", "response": "r"}""")];
        await RefusedAsync(await admin.PostAsync("/api/v1/datasets/preview", new { upload_ids = uploads }), HttpStatusCode.BadRequest, "a.csv is “question and answer”, b.jsonl is “prompt and response”");
        await RefusedAsync(await admin.PostAsync("/api/v1/datasets", new { upload_ids = uploads, name = "x" }), HttpStatusCode.BadRequest, "only files of one layout");
        await RefusedAsync(await admin.PostAsync("/api/v1/datasets", new { upload_ids = new[] { uploads[0], uploads[0] }, name = "x" }), HttpStatusCode.BadRequest, "different uploads");
        await RefusedAsync(await admin.PostAsync("/api/v1/datasets", new { upload_ids = Array.Empty<Guid>(), name = "x" }), HttpStatusCode.BadRequest, "got 0");
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Data, "datasets")));
    }

    [Fact]
    public async Task A_spreadsheet_gets_no_formula_and_the_official_layout_has_real_and_generated()
    {
        var id = (await admin.ImportAsync("risky", ("rows.jsonl", """{"prompt": "=HYPERLINK(\"http://x\")", "response": "+1, \"two\"\nlines", "system": "@s"}"""))).Id();
        var csv = await admin.GetAsync($"/api/v1/datasets/{id}/download?format=csv");
        Assert.Equal(("text/csv", "risky.csv"), (csv.Content.Headers.ContentType!.MediaType, csv.Content.Headers.ContentDisposition!.FileName));
        Assert.Equal("system,prompt,response\r\n'@s,\"'=HYPERLINK(\"\"http://x\"\")\",\"'+1, \"\"two\"\"\nlines\"\r\n", await csv.Content.ReadAsStringAsync());
        var preferences = (await admin.ImportAsync("preferences", ("pairs.jsonl", """{"prompt": "p", "chosen": "good", "rejected": "=bad"}"""))).Id();
        Assert.Equal("system,prompt,response,rejected\r\n,p,good,'=bad\r\n", await (await admin.GetAsync($"/api/v1/datasets/{preferences}/download?format=csv")).Content.ReadAsStringAsync());
        var spin = JsonDocument.Parse(await (await admin.GetAsync($"/api/v1/datasets/{id}/download?format=spin")).Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(["system", "user", "assistant"], spin.GetProperty("real").EnumerateArray().Select(message => message.GetProperty("role").GetString()));
        Assert.Equal("", spin.GetProperty("generated")[2].GetProperty("content").GetString());
        await RefusedAsync(await admin.GetAsync($"/api/v1/datasets/{id}/download?format=../../etc/passwd"), HttpStatusCode.BadRequest, "choose jsonl, csv or spin");
    }

    [Fact]
    public async Task What_was_exported_for_the_official_code_can_be_imported_again()
    {
        var dataset = await admin.ImportAsync("there", ("rows.jsonl", DatasetApi.Rows(3, i => ($"Prompt {i}", $"Answer {i}"))));
        var spin = await (await admin.GetAsync($"/api/v1/datasets/{dataset.Id()}/download?format=spin")).Content.ReadAsStringAsync();
        Assert.Equal(dataset.GetProperty("sha256").GetString(), (await admin.ImportAsync("and back", ("spin.jsonl", spin))).GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task Statistics_come_by_themselves_in_figures_and_words()
    {
        var id = (await admin.ImportAsync("rows", ("rows.jsonl", DatasetApi.Rows(50, i => ($"Prompt {i % 49}", $"Answer {i % 49}"))))).Id();
        var report = await admin.StatisticsAsync($"/api/v1/datasets/{id}/statistics");
        Assert.Equal((50, 1), (report.GetProperty("text").GetProperty("rows").GetInt32(), report.GetProperty("text").GetProperty("duplicate_rows").GetInt32()));
        Assert.Contains(report.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("message").GetString() == "1 of 50 rows repeats an earlier row exactly.");
        await using var db = host.Db();
        Assert.Single(db.DatasetReports);
    }

    [Fact]
    public async Task Token_lengths_are_those_of_the_model_s_tokenizer_and_cuts_are_told_at_the_limits_asked_for()
    {
        var id = (await admin.ImportAsync("rows", ("rows.jsonl", DatasetApi.Rows(20, i => ($"Name {i} things.", string.Concat(Enumerable.Repeat("a cat and ", i))+ "one"))))).Id();
        var model = await SampleModelAsync();
        var report = await admin.StatisticsAsync($"/api/v1/datasets/{id}/statistics?model={model}&max_new_tokens=20");
        Assert.Equal(20, report.GetProperty("tokens").GetProperty("rows").GetInt32());
        Assert.Contains(report.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("message").GetString()!.Contains("longer than 20 tokens, the most that the opponent generates", StringComparison.Ordinal));
        await using var db = host.Db();
        Assert.Equal(2, db.DatasetReports.Count());
    }

    [Fact]
    public async Task A_model_without_a_tokenizer_is_a_problem_told_not_an_endless_wait()
    {
        var id = (await admin.ImportAsync("rows", ("rows.jsonl", DatasetApi.Rows(2, i => ($"{i}", "a"))))).Id();
        var (model, _) = await host.InputsAsync();
        await using (var db = host.Db())
        {
            var folder = Path.Combine(host.Data, db.Models.Single(row => row.Id == model).Folder);
            foreach (var file in Directory.EnumerateFiles(folder, "tokenizer*"))
                File.Delete(file);
        }

        var report = await admin.StatisticsAsync($"/api/v1/datasets/{id}/statistics?model={model}");
        Assert.Contains("tokenizer", report.GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, report.GetProperty("text").GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task A_dataset_is_renamed_and_described_and_names_stay_different()
    {
        var one = (await admin.ImportAsync("one", ("a.jsonl", DatasetApi.Rows(1, _ => ("a", "b"))))).Id();
        await admin.ImportAsync("two", ("a.jsonl", DatasetApi.Rows(1, _ => ("a", "b"))));
        var changed = await DatasetApi.ReadAsync(await PatchAsync(one, new { name = " <b>uno</b> ", description = "from a book" }));
        Assert.Equal(("<b>uno</b>", "from a book"), (changed.GetProperty("name").GetString(), changed.GetProperty("description").GetString()));
        Assert.DoesNotContain("<b>uno", await (await admin.GetAsync($"/datasets/{one}")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await RefusedAsync(await PatchAsync(one, new { name = "two" }), HttpStatusCode.Conflict, "There is a dataset called two");
        await RefusedAsync(await PatchAsync(one, new { name = "a\nb" }), HttpStatusCode.BadRequest, "in one line");
        await RefusedAsync(await PatchAsync(one, new { name = new string('x', 201) }), HttpStatusCode.BadRequest, "1 to 200 characters");
        await RefusedAsync(await PatchAsync(one, new { description = new string('x', 2001) }), HttpStatusCode.BadRequest, "the limit is 2000");
        Assert.False((await DatasetApi.ReadAsync(await PatchAsync(one, new { description = "" }))).TryGetProperty("description", out _));
    }

    [Fact]
    public async Task A_version_is_deleted_with_its_files_unless_it_is_used_or_the_only_one()
    {
        var id = (await admin.ImportAsync("rows", ("a.jsonl", DatasetApi.Rows(60, i => ($"{i}", "a"))))).Id();
        await RefusedAsync(await admin.DeleteAsync($"/api/v1/datasets/{id}/versions/1"), HttpStatusCode.Conflict, "delete the dataset instead");
        await admin.DeriveAsync(id, new { operation = "split", share = 0.3 });
        var (model, _) = await host.InputsAsync();
        (await admin.PostAsync("/api/v1/runs", RunRequests.Named("needs it", model, Guid.Parse(id)))).EnsureSuccessStatusCode();
        await RefusedAsync(await admin.DeleteAsync($"/api/v1/datasets/{id}/versions/2"), HttpStatusCode.Conflict, "needs it");
        await RefusedAsync(await admin.DeleteAsync($"/api/v1/datasets/{id}"), HttpStatusCode.Conflict, "needs it");
        var before = Files();
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/datasets/{id}/versions/1")).StatusCode);
        Assert.Equal(before - 1, Files());
        await RefusedAsync(await admin.DeleteAsync($"/api/v1/datasets/{id}/versions/1"), HttpStatusCode.NotFound, "no such version");

        int Files() => Directory.EnumerateFiles(Path.Combine(host.Data, "datasets"), "*.jsonl").Count();
    }

    [Fact]
    public async Task What_came_with_the_studio_stays_as_it_is_but_can_be_derived_from()
    {
        var id = (await admin.ImportAsync("sample", ("a.jsonl", DatasetApi.Rows(10, i => ($"{i}", "a"))))).Id();
        await using (var db = host.Db())
        {
            db.Datasets.Single().Bundled = true;
            await db.SaveChangesAsync();
        }

        await RefusedAsync(await admin.PostAsync($"/api/v1/datasets/{id}/derive", new { operation = "sample", rows = 5 }), HttpStatusCode.Conflict, "make a new dataset of it");
        await RefusedAsync(await admin.PostAsync("/api/v1/datasets", new { upload_ids = new[] { await admin.UploadAsync("a.jsonl", DatasetApi.Rows(1, _ => ("a", "b"))) }, dataset_id = id }), HttpStatusCode.Conflict, "came with the studio");
        Assert.Equal(5, (await admin.DeriveAsync(id, new { operation = "sample", rows = 5, name = "mine" })).GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task The_bundled_sample_can_be_added_once()
    {
        var sample = await DatasetApi.ReadAsync(await admin.PostAsync("/api/v1/datasets/sample"));
        Assert.True(sample.GetProperty("bundled").GetBoolean());
        Assert.Equal((2000, 400), (sample.GetProperty("rows").GetInt32(), sample.GetProperty("held_out_rows").GetInt32()));
        await RefusedAsync(await admin.PostAsync("/api/v1/datasets/sample"), HttpStatusCode.Conflict, "There is a dataset called Sample tasks");
    }

    [Fact]
    public async Task Uploads_that_are_not_used_up_are_listed_and_limits_are_told()
    {
        var arrived = await admin.UploadAsync("../a.jsonl", DatasetApi.Rows(1, _ => ("a", "b")));
        await DatasetApi.ReadAsync(await admin.PostAsync("/api/v1/uploads", new { file_name = "b.jsonl", length = 10 }));
        var uploads = await admin.GetJsonAsync("/api/v1/uploads");
        Assert.Equal([("b.jsonl", false), ("a.jsonl", true)], uploads.EnumerateArray().Select(upload => (upload.GetProperty("file_name").GetString()!, upload.GetProperty("complete").GetBoolean())));
        Assert.Empty((await (await host.MemberAsync("rita", TeamRole.Runner)).GetJsonAsync("/api/v1/uploads")).EnumerateArray());
        await DatasetApi.ReadAsync(await admin.PostAsync("/api/v1/datasets", new { upload_ids = new[] { arrived }, name = "a" }));
        Assert.Equal(1, (await admin.GetJsonAsync("/api/v1/uploads")).GetArrayLength());
        Assert.Equal(10 << 20, (await admin.GetJsonAsync("/api/v1/uploads/limits")).GetProperty("row_bytes").GetInt32());
    }

    [Fact]
    public async Task Hostile_files_are_refused_row_by_row_before_anything_is_saved()
    {
        var long10 = Encoding.UTF8.GetBytes($"{{\"prompt\": \"a\", \"response\": \"{new string('x', 11 << 20)}\"}}\n{{\"prompt\": \"b\", \"response\": \"c\"}}\n");
        byte[] torn = [.. "{\"prompt\": \"a\", \"response\": \""u8, 0xC3, 0x28, .. "\"}\n"u8];
        var deep = Encoding.UTF8.GetBytes($"{{\"prompt\": {new string('[', 100_000)}\n");
        foreach (var (name, bytes, reason) in new[] { ("long.jsonl", long10, "longer than 10485760 bytes"), ("torn.jsonl", torn, "not valid UTF-8"), ("deep.jsonl", deep, "not valid JSON") })
        {
            var upload = await admin.UploadAsync(name, bytes);
            var preview = await DatasetApi.ReadAsync(await admin.PostAsync("/api/v1/datasets/preview", new { upload_ids = new[] { upload } }));
            Assert.Contains(preview.GetProperty("errors").EnumerateArray(), error => error.GetProperty("row").GetInt32() == 1 && error.GetProperty("message").GetString()!.Contains(reason, StringComparison.Ordinal));
            await RefusedAsync(await admin.PostAsync("/api/v1/datasets", new { upload_ids = new[] { upload }, name }), HttpStatusCode.BadRequest, "");
        }

        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Data, "datasets")));
    }

    [Fact]
    public async Task Nothing_of_another_team_can_be_read_derived_or_merged()
    {
        var mine = (await admin.ImportAsync("mine", ("a.jsonl", DatasetApi.Rows(10, i => ($"{i}", "a"))))).Id();
        Guid other, model;
        await using (var db = host.Db())
        {
            var team = new Team { Name = "others" };
            var dataset = new Dataset { TeamId = team.Id, Name = "secret" };
            dataset.Versions.Add(new DatasetVersion { Number = 1, Sha256 = new string('0', 64), File = "datasets/x.jsonl", Source = "test", Rows = 3 });
            var secret = new Model { TeamId = team.Id, Name = "secret", Folder = "models/x", Sha256 = new string('0', 64), Architecture = "x" };
            db.AddRange(team, dataset, secret);
            await db.SaveChangesAsync();
            (other, model) = (dataset.Id, secret.Id);
        }

        foreach (var path in (string[])["", "/rows", "/rows/1/raw", "/search?q=a", "/statistics", "/download", "/download?format=csv"])
            Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/datasets/{other}{path}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/datasets/{mine}/statistics?model={model}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync($"/api/v1/datasets/{other}/derive", new { operation = "sample", rows = 1 })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync($"/api/v1/datasets/{mine}/derive", new { operation = "merge", other_id = other })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PatchAsync(other.ToString(), new { name = "x" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"/api/v1/datasets/{other}/versions/1")).StatusCode);
        var upload = await admin.UploadAsync("a.jsonl", DatasetApi.Rows(1, _ => ("a", "b")));
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync("/api/v1/datasets", new { upload_ids = new[] { upload }, dataset_id = other })).StatusCode);
    }

    [Fact]
    public async Task A_viewer_may_look_but_not_make()
    {
        var id = (await admin.ImportAsync("rows", ("a.jsonl", DatasetApi.Rows(10, i => ($"{i}", "a"))))).Id();
        var viewer = await host.MemberAsync("vera", TeamRole.Viewer);
        Assert.Equal(HttpStatusCode.OK, (await viewer.GetAsync($"/api/v1/datasets/{id}/rows")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync($"/api/v1/datasets/{id}/derive", new { operation = "sample", rows = 1 })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.SendAsync(HttpMethod.Patch, $"/api/v1/datasets/{id}", JsonContent.Create(new { name = "x" }))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.DeleteAsync($"/api/v1/datasets/{id}/versions/1")).StatusCode);
    }

    private Task<HttpResponseMessage> PatchAsync(string id, object change) => admin.SendAsync(HttpMethod.Patch, $"/api/v1/datasets/{id}", JsonContent.Create(change));

    private async Task<List<string?>> PromptsAsync(string id, int version, bool heldOut) =>
        [.. (await admin.GetJsonAsync($"/api/v1/datasets/{id}/rows?version={version}&take=500&held_out={heldOut}")).GetProperty("items").EnumerateArray().Select(row => row.GetProperty("prompt").GetString())];

    /// <summary>The bundled model, as a model of the first team.</summary>
    private async Task<Guid> SampleModelAsync()
    {
        await using var db = host.Db();
        var paths = host.Services.GetRequiredService<StudioPaths>();
        var model = new Model
        {
            TeamId = db.Teams.First().Id, Name = "sample", Bundled = true, Folder = Path.GetRelativePath(paths.Content, Path.Combine(paths.Samples, "model")), Sha256 = new string('a', 64), Architecture = "LlamaForCausalLM", CreatedAt = DateTimeOffset.UtcNow,
        };
        db.Models.Add(model);
        await db.SaveChangesAsync();
        return model.Id;
    }

    private static async Task RefusedAsync(HttpResponseMessage answer, HttpStatusCode status, string reason)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{answer.StatusCode}: {text}");
        Assert.Contains(reason, JsonDocument.Parse(text).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}
