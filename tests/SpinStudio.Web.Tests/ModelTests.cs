using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests;

public sealed class ModelTests : IAsyncLifetime
{
    private static readonly string Sample = Path.Combine(StudioPaths.FindContent(), "samples", "model");

    private readonly StudioHost host = new();
    private Browser admin = null!;

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        admin = await host.AdminAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_zip_with_a_folder_in_it_becomes_a_model_and_says_what_was_left_out()
    {
        var zip = Zip(archive =>
        {
            AddSample(archive, "tiny/");
            Add(archive, "tiny/modeling_tiny.py", "import os");
            Add(archive, "tiny/pytorch_model.bin", "pickle");
            Add(archive, "__MACOSX/._config.json", "junk");
        });
        var added = await AddedAsync("Tiny", await UploadAsync("tiny.zip", zip));

        Assert.Equal(["__MACOSX/._config.json", "tiny/modeling_tiny.py", "tiny/pytorch_model.bin"], added.GetProperty("ignored").EnumerateArray().Select(name => name.GetString()!).Order(StringComparer.Ordinal));
        var id = added.GetProperty("model").GetProperty("id").GetGuid();
        var card = await admin.GetJsonAsync($"/api/v1/models/{id}/card");
        Assert.Equal(("uploaded", 512, 3), (card.GetProperty("model").GetProperty("origin").GetString(), card.GetProperty("shape").GetProperty("max_positions").GetInt32(), card.GetProperty("shape").GetProperty("layers").GetInt32()));
        Assert.Equal(Directory.GetFiles(Sample).Length, card.GetProperty("files").GetArrayLength());
        Assert.All(card.GetProperty("files").EnumerateArray(), file => Assert.Equal(64, file.GetProperty("sha256").GetString()!.Length));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Data, "uploads")));
    }

    [Fact]
    public async Task Several_files_become_a_model()
    {
        var uploads = new List<Guid>();
        foreach (var file in Directory.EnumerateFiles(Sample))
        {
            uploads.Add(await UploadAsync(Path.GetFileName(file), await File.ReadAllBytesAsync(file)));
        }

        var added = await AddedAsync("Tiny", [.. uploads]);
        Assert.Equal(754_560, added.GetProperty("model").GetProperty("parameters").GetInt64());
        var zip = await (await admin.GetAsync($"/api/v1/models/{added.GetProperty("model").GetProperty("id").GetGuid()}/download")).Content.ReadAsByteArrayAsync();
        using var archive = new ZipArchive(new MemoryStream(zip));
        Assert.Equal(Directory.GetFiles(Sample).Length, archive.Entries.Count);
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "slip", "whose name leads out of its folder" },
        { "backslash", "whose name leads out of its folder" },
        { "absolute", "whose name leads out of its folder" },
        { "link", "has a link, 'model.safetensors'" },
        { "bomb", "unpacks to more than 50 times its size" },
        { "entries", "has 10001 entries" },
        { "twice", "the zip has 'config.json' 2 times" },
        { "two models", "the zip has 2 models (a, b)" },
        { "no config", "has no config.json" },
        { "pickle", "weights are a pickle (pytorch_model.bin)" },
        { "no zip", "is no zip" },
        { "torn", "is no zip, or its end is missing" },
        { "architecture", "architecture 'GPTNeoXForCausalLM' is not supported" },
        { "shape", "config.json asks for" },
        { "tokenizer", "normalizer Lowercase is not supported" },
        { "template", "chat template" },
        { "header", "reaches past the end of the file" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_is_no_sound_model_is_refused_by_name_and_leaves_nothing(string kind, string words)
    {
        var upload = await UploadAsync("model.zip", Bad(kind));
        var refused = await AddAsync("Bad", upload);
        var body = await refused.Content.ReadAsStringAsync();

        Assert.True(refused.StatusCode == HttpStatusCode.BadRequest, body);
        Assert.Contains(words, JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(host.Data, body, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(host.Data, "models")));
        await using var db = host.Db();
        Assert.False(await db.Models.AnyAsync());
        // The upload is still there, so that nothing has to be sent again.
        Assert.True((await admin.GetJsonAsync($"/api/v1/uploads/{upload}")).GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task A_pickle_alone_is_refused_by_its_name()
    {
        var refused = await AddAsync("Bad", await UploadAsync("model.pt", [0x80, 2, 3]));
        Assert.Contains("model.pt is a pickle", await refused.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_preview_shows_tokens_bytes_and_what_is_trained_on()
    {
        var id = await SampleAsync();
        var preview = await (await admin.PostAsync($"/api/v1/models/{id}/preview", new { messages = new[] { new { role = "user", content = "Say <|end|> é" }, new { role = "assistant", content = "Yes." } } })).Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal("<|user|>Say <|end|> é<|end|><|assistant|>Yes.<|end|>", preview.GetProperty("text").GetString());
        var tokens = preview.GetProperty("tokens").EnumerateArray().ToList();
        Assert.Equal(preview.GetProperty("text").GetString(), Encoding.UTF8.GetString([.. tokens.SelectMany(token => Convert.FromHexString(token.GetProperty("bytes").GetString()!))]));
        // A control token that somebody wrote is letters, not the token.
        Assert.Equal(["<|user|>", "<|end|>", "<|assistant|>", "<|end|>"], tokens.Where(token => token.GetProperty("special").GetBoolean()).Select(token => token.GetProperty("text").GetString()));
        var trained = tokens.Where(token => token.GetProperty("trained").GetBoolean()).ToList();
        Assert.Equal((preview.GetProperty("trained_tokens").GetInt32(), "<|end|>"), (trained.Count, trained[^1].GetProperty("text").GetString()));
        Assert.Equal("Yes.<|end|>", string.Concat(trained.Select(token => token.GetProperty("text").GetString())));
        Assert.Contains(preview.GetProperty("checks").EnumerateArray(), check => check.GetProperty("words").GetString()!.Contains("beginning of prompt and answer", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""[{"role":"tool","content":"x"}]""")]
    [InlineData("""[{"role":"assistant","content":"x"}]""")]
    public async Task A_conversation_that_no_template_takes_is_refused(string messages)
    {
        var id = await SampleAsync();
        using var content = new StringContent($$"""{"messages":{{messages}}}""", Encoding.UTF8, "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.SendAsync(HttpMethod.Post, $"/api/v1/models/{id}/preview", content)).StatusCode);
    }

    [Fact]
    public async Task A_model_is_renamed_and_noted_and_found_by_its_note()
    {
        var id = await SampleAsync();
        var changed = await admin.SendAsync(HttpMethod.Patch, $"/api/v1/models/{id}", JsonContent.Create(new { name = "Better", note = "for <b>letters</b>" }));
        changed.EnsureSuccessStatusCode();
        var found = await admin.GetJsonAsync("/api/v1/models/search?search=LETTERS&origin=uploaded&order=name");
        Assert.Equal(("Better", 1), (found.GetProperty("items")[0].GetProperty("name").GetString(), found.GetProperty("total").GetInt32()));
        Assert.Equal(0, (await admin.GetJsonAsync("/api/v1/models/search?origin=hub")).GetProperty("total").GetInt32());
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync("/api/v1/models/search?origin=nowhere")).StatusCode);
        Assert.Contains("for &lt;b&gt;letters&lt;/b&gt;", await (await admin.GetAsync("/models")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_belongs_to_one_model()
    {
        await SampleAsync();
        var second = await AddAsync("Sample", await UploadAsync("again.zip", Zip(archive => AddSample(archive, ""))));
        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await AddAsync(" ", await UploadAsync("again.zip", Zip(archive => AddSample(archive, ""))))).StatusCode);
    }

    [Fact]
    public async Task A_model_that_a_run_starts_from_stays_and_another_goes_with_its_files()
    {
        var id = await SampleAsync();
        var run = await RunAsync(id);
        var refused = await admin.DeleteAsync($"/api/v1/models/{id}");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("is the starting model of 1 run (first)", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await using (var db = host.Db())
        {
            await db.Runs.Where(row => row.Id == run).ExecuteDeleteAsync();
        }

        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/models/{id}")).StatusCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(host.Data, "models")));
    }

    [Fact]
    public async Task A_promoted_iteration_outlives_its_run()
    {
        var start = await SampleAsync();
        var run = await RunAsync(start);
        var iteration = await IterationModelAsync(run, start);

        var promoted = await admin.PostAsync($"/api/v1/runs/{run}/iterations/0/promote", new { name = "Champion", note = "the best so far" });
        Assert.True(promoted.StatusCode == HttpStatusCode.Created, await promoted.Content.ReadAsStringAsync());
        var model = await promoted.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(("promoted", "iteration 0 of first", run, iteration), (model.GetProperty("origin").GetString(), model.GetProperty("source").GetString(), model.GetProperty("run_id").GetGuid(), model.GetProperty("parent_id").GetGuid()));
        Assert.Equal("Champion", (await admin.GetJsonAsync($"/api/v1/models/{iteration}/card")).GetProperty("promoted_as")[0].GetProperty("name").GetString());

        await using (var db = host.Db())
        {
            await db.Models.Where(row => row.Id == iteration).ExecuteDeleteAsync();
            await db.Runs.Where(row => row.Id == run).ExecuteDeleteAsync();
        }

        Directory.Delete(Path.Combine(host.Data, "runs", "made"), recursive: true);
        var card = await admin.GetJsonAsync($"/api/v1/models/{model.GetProperty("id").GetGuid()}/card");
        Assert.False(card.TryGetProperty("problem", out _));
        Assert.Equal("iteration 0 of first", card.GetProperty("model").GetProperty("source").GetString());
    }

    [Fact]
    public async Task An_iteration_s_own_model_goes_only_with_its_run_and_others_cannot_be_promoted()
    {
        var start = await SampleAsync();
        var iteration = await IterationModelAsync(await RunAsync(start), start);
        Assert.Equal(HttpStatusCode.Conflict, (await admin.DeleteAsync($"/api/v1/models/{iteration}")).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync($"/api/v1/models/{start}/promote", new { name = "x" })).StatusCode);
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("q8_0")]
    public async Task A_model_is_taken_away_as_gguf(string type)
    {
        var id = await SampleAsync();
        var answer = await admin.GetAsync($"/api/v1/models/{id}/download?format=gguf&type={type}");
        answer.EnsureSuccessStatusCode();
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal("GGUF", Encoding.ASCII.GetString(bytes, 0, 4));
        Assert.Equal((answer.Content.Headers.ContentLength, $"Sample-{type}.gguf"), (bytes.Length, answer.Content.Headers.ContentDisposition!.FileNameStar));
        Assert.Equal(bytes.Length, (await admin.GetJsonAsync($"/api/v1/models/{id}/card")).GetProperty("gguf").GetProperty("bytes").GetProperty(type).GetInt64());
    }

    [Theory]
    [InlineData("?format=gguf&type=q4_0")]
    [InlineData("?format=onnx")]
    public async Task Formats_that_are_not_written_are_refused(string query) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync($"/api/v1/models/{await SampleAsync()}/download{query}")).StatusCode);

    [Fact]
    public async Task A_viewer_looks_and_changes_nothing()
    {
        var id = await SampleAsync();
        var viewer = await host.MemberAsync("vera", TeamRole.Viewer);
        (await viewer.GetAsync($"/api/v1/models/{id}/card")).EnsureSuccessStatusCode();
        (await viewer.PostAsync($"/api/v1/models/{id}/preview", new { messages = new[] { new { role = "user", content = "x" } } })).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.SendAsync(HttpMethod.Patch, $"/api/v1/models/{id}", JsonContent.Create(new { name = "mine" }))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.DeleteAsync($"/api/v1/models/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync($"/api/v1/models/{id}/promote", new { name = "mine" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync("/api/v1/models", new { name = "mine", upload_ids = new[] { Guid.NewGuid() } })).StatusCode);
    }

    [Fact]
    public async Task Another_team_s_model_does_not_exist()
    {
        await using var db = host.Db();
        var team = new Team { Name = "others", CreatedAt = DateTimeOffset.UtcNow };
        var model = new Model { TeamId = team.Id, Name = "theirs", Folder = "models/x", Sha256 = new string('0', 64), Architecture = "x", Origin = ModelOrigin.Uploaded };
        db.AddRange(team, model);
        await db.SaveChangesAsync();
        foreach (var path in (string[])["", "/card", "/download"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/v1/models/{model.Id}{path}")).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync($"/api/v1/models/{model.Id}/preview", new { messages = new[] { new { role = "user", content = "x" } } })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync($"/api/v1/models/{model.Id}/promote", new { name = "x" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"/api/v1/models/{model.Id}")).StatusCode);
        Assert.Equal(0, (await admin.GetJsonAsync("/api/v1/models/search")).GetProperty("total").GetInt32());
    }

    private static byte[] Bad(string kind) => kind switch
    {
        "slip" => Zip(archive => { AddSample(archive, ""); Add(archive, "../../evil.json", "x"); }),
        "backslash" => Zip(archive => { AddSample(archive, ""); Add(archive, "..\\evil.json", "x"); }),
        "absolute" => Zip(archive => { AddSample(archive, ""); Add(archive, "/etc/evil.json", "x"); }),
        "link" => Zip(archive => { AddSample(archive, "", "model.safetensors"); Add(archive, "model.safetensors", "/etc/passwd").ExternalAttributes = unchecked((int)0xA1FF0000); }),
        "bomb" => Zip(archive => { AddSample(archive, "", "model.safetensors"); Add(archive, "model.safetensors", new byte[20_000_000]); }),
        "entries" => Zip(archive => { for (var i = 0; i <= 10_000; i++) { Add(archive, $"{i}", ""); } }),
        "twice" => Zip(archive => { AddSample(archive, ""); Add(archive, "config.json", "{}"); }),
        "two models" => Zip(archive => { AddSample(archive, "a/"); AddSample(archive, "b/"); }),
        "no config" => Zip(archive => AddSample(archive, "", "config.json")),
        "pickle" => Zip(archive => { AddSample(archive, "", "model.safetensors"); Add(archive, "pytorch_model.bin", "x"); }),
        "no zip" => Encoding.UTF8.GetBytes("GGUF, not a zip"),
        "torn" => Zip(archive => AddSample(archive, ""))[..50_000],
        "architecture" => With("config.json", """{"architectures": ["GPTNeoXForCausalLM"]}"""),
        "shape" => With("config.json", File.ReadAllText(Path.Combine(Sample, "config.json")).Replace("\"intermediate_size\": 384", "\"intermediate_size\": 385", StringComparison.Ordinal)),
        "tokenizer" => With("tokenizer.json", File.ReadAllText(Path.Combine(Sample, "tokenizer.json")).Replace("\"normalizer\": null", "\"normalizer\": {\"type\": \"Lowercase\"}", StringComparison.Ordinal)),
        "template" => With("chat_template.jinja", "{% for message in messages %}{{ message.content | shout }}{% endfor %}"),
        "header" => With("model.safetensors", "\u00ff\u00ff\u0001\0\0\0\0\0{}"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static byte[] With(string name, string content) => Zip(archive =>
    {
        AddSample(archive, "", name);
        Add(archive, name, Encoding.Latin1.GetBytes(content));
    });

    private static byte[] Zip(Action<ZipArchive> fill)
    {
        var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            fill(archive);
        }

        return stream.ToArray();
    }

    private static void AddSample(ZipArchive archive, string folder, string? without = null)
    {
        foreach (var file in Directory.EnumerateFiles(Sample).Where(file => Path.GetFileName(file) != without))
        {
            Add(archive, folder + Path.GetFileName(file), File.ReadAllBytes(file));
        }
    }

    private static ZipArchiveEntry Add(ZipArchive archive, string name, string content) => Add(archive, name, Encoding.UTF8.GetBytes(content));

    private static ZipArchiveEntry Add(ZipArchive archive, string name, byte[] content)
    {
        var entry = archive.CreateEntry(name);
        using var stream = entry.Open();
        stream.Write(content);
        return entry;
    }

    private async Task<Guid> UploadAsync(string name, byte[] content)
    {
        var created = await admin.PostAsync("/api/v1/uploads", new { file_name = name, length = content.Length });
        created.EnsureSuccessStatusCode();
        var id = (await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        (await admin.SendAsync(HttpMethod.Put, $"/api/v1/uploads/{id}?offset=0", new ByteArrayContent(content))).EnsureSuccessStatusCode();
        return id;
    }

    private Task<HttpResponseMessage> AddAsync(string name, params Guid[] uploads) => admin.PostAsync("/api/v1/models", new { name, upload_ids = uploads });

    private async Task<JsonElement> AddedAsync(string name, params Guid[] uploads)
    {
        var answer = await AddAsync(name, uploads);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<Guid> SampleAsync() =>
        (await AddedAsync("Sample", await UploadAsync("sample.zip", Zip(archive => AddSample(archive, ""))))).GetProperty("model").GetProperty("id").GetGuid();

    private async Task<Guid> RunAsync(Guid model)
    {
        await using var db = host.Db();
        var run = new Run
        {
            TeamId = (await db.Teams.FirstAsync()).Id, Name = "first", Kind = "spin", Status = RunStatus.Completed, Config = "{}", ModelId = model, Folder = "runs/made", ClientRequestId = Guid.NewGuid().ToString(), CreatedAt = DateTimeOffset.UtcNow,
        };
        db.Runs.Add(run);
        await db.SaveChangesAsync();
        return run.Id;
    }

    private async Task<Guid> IterationModelAsync(Guid run, Guid parent)
    {
        var folder = Path.Combine(host.Data, "runs", "made", "iteration-0", "model");
        SpinStudio.Engine.Models.ModelFolder.Copy(Sample, Directory.CreateDirectory(Path.GetDirectoryName(folder)!).FullName + "/model");
        await using var db = host.Db();
        var model = new Model
        {
            TeamId = (await db.Teams.FirstAsync()).Id, Name = "first · iteration 0", Folder = Path.GetRelativePath(host.Data, folder), Sha256 = new string('c', 64), Architecture = "LlamaForCausalLM",
            ParentId = parent, RunId = run, Iteration = 0, CreatedAt = DateTimeOffset.UtcNow,
        };
        db.Models.Add(model);
        await db.SaveChangesAsync();
        return model.Id;
    }
}
