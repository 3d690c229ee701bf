using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SpinStudio.Data;
using SpinStudio.Testing;
using SpinStudio.Web.Features.OpenApi;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Tests.OpenApi;

/// <summary>A walk through the API with real objects, which keeps what was sent and answered: the examples of the documentation.</summary>
internal sealed class ApiWalk(StudioHost host, Browser admin)
{
    private const int MostEntries = 2;
    private readonly Dictionary<string, string> addresses = []; // of servers that are gone after the walk, and what stands for them

    public SortedDictionary<string, ApiExample> Exchanges { get; } = new(StringComparer.Ordinal);

    public async Task WalkAsync()
    {
        var (dataset, model) = await InputsAsync();
        var run = await RunAsync(dataset, model);
        await TalkAsync(run);
        await LookAroundAsync(run, dataset, model);
        await KeepAsync(run);
        await TellAsync();
        var answers = await AnswersAsync();
        await VoteAsync(answers);
        await JudgeAsync(answers);
    }

    private async Task<(string Dataset, string Model)> InputsAsync()
    {
        var rows = DatasetApi.Rows(40, i => ($"How do I change setting {i}?", $"Open Settings and look for number {i}."));
        var upload = Id(await AskAsync("POST /api/v1/uploads", new { file_name = "support.jsonl", length = System.Text.Encoding.UTF8.GetByteCount(rows) }));
        Keep("PUT /api/v1/uploads/{id}", null, await ReadAsync(await admin.SendAsync(HttpMethod.Put, $"/api/v1/uploads/{upload}?offset=0", new StringContent(rows))));
        await AskAsync("GET /api/v1/uploads");
        await AskAsync($"GET /api/v1/uploads/{upload}");
        await AskAsync("GET /api/v1/uploads/limits");
        await AskAsync("POST /api/v1/datasets/preview", new { upload_ids = new[] { upload }, most_rows = 2 });
        var dataset = Id(await AskAsync("POST /api/v1/datasets", new { upload_ids = new[] { upload }, name = "Support answers" }));
        await AskAsync("GET /api/v1/datasets");
        await AskAsync($"GET /api/v1/datasets/{dataset}");
        await AskAsync($"GET /api/v1/datasets/{dataset}/rows?take=2");
        await AskAsync($"GET /api/v1/datasets/{dataset}/search?q=setting&take=2");
        await AskAsync($"PATCH /api/v1/datasets/{dataset}", new { description = "Questions of the first week, with the answers that helped." });
        await AskAsync($"POST /api/v1/datasets/{dataset}/derive", new { operation = "sample", rows = 20, seed = 1, name = "Support answers, small" });

        var files = new List<Guid>();
        foreach (var file in (string[])["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])
            files.Add(await admin.UploadAsync(file, await File.ReadAllBytesAsync(Path.Combine(StudioPaths.FindContent(), "samples", "model", file))));
        var model = Id((await AskAsync("POST /api/v1/models", new { name = "Small start", upload_ids = files }))["model"]!);
        await AskAsync("GET /api/v1/models");
        await AskAsync("GET /api/v1/models/search?search=small");
        await AskAsync($"GET /api/v1/models/{model}");
        await AskAsync($"GET /api/v1/models/{model}/card");
        await AskAsync($"PATCH /api/v1/models/{model}", new { note = "The one to start from." });
        await AskAsync($"POST /api/v1/models/{model}/preview", new { messages = new[] { new { role = "user", content = "Say hello." }, new { role = "assistant", content = "Hello!" } } });
        return (dataset, model);
    }

    private async Task<string> RunAsync(string dataset, string model)
    {
        object wanted = new { config = new { name = "quick", model = "", dataset = "", iterations = 1 }, model_id = model, dataset_id = dataset, client_request_id = "2026-11-23-support" };
        await AskAsync("POST /api/v1/runs/plan", wanted);
        var run = Id(await AskAsync("POST /api/v1/runs", wanted));
        await admin.WaitForStatusAsync(Guid.Parse(run), "completed");
        await AskAsync("GET /api/v1/runs/by-request/2026-11-23-support", operation: "GET /api/v1/runs/by-request/{clientRequestId}");
        await AskAsync("GET /api/v1/runs?take=1");
        await AskAsync($"GET /api/v1/runs/{run}");
        await AskAsync($"GET /api/v1/runs/{run}/metrics?name=loss");
        await AskAsync($"GET /api/v1/runs/{run}/samples?split=train&take=1");
        await AskAsync($"GET /api/v1/runs/{run}/samples/train/00000000000000a1", operation: "GET /api/v1/runs/{id}/samples/{split}/{promptId}");
        await AskAsync($"GET /api/v1/runs/{run}/evaluations");
        await AskAsync($"GET /api/v1/runs/{run}/files");
        await AskAsync($"GET /api/v1/runs/{run}/insights");
        return run;
    }

    private async Task TalkAsync(string run)
    {
        var comment = Id(await AskAsync($"POST /api/v1/runs/{run}/comments", new { body = "The margin grows because **real** rises.", anchor = "iteration:0" }));
        await AskAsync($"GET /api/v1/runs/{run}/comments");
        await AskAsync($"PUT /api/v1/comments/{comment}", new { body = "The margin grows because the **real** answers rise." });
        await AskAsync("GET /api/v1/mentions");
        Forget(await AskAsync($"POST /api/v1/runs/{run}/links", new { days = 7, with_answers = true }), "path", "/s/…");
        await AskAsync($"GET /api/v1/runs/{run}/links");
        await AskAsync("GET /api/v1/links");
        await AskAsync("GET /api/v1/sharing");
        await AskAsync("GET /api/v1/activity");
    }

    private async Task LookAroundAsync(string run, string dataset, string model)
    {
        Forget(await AskAsync("GET /api/v1/antiforgery"), "token", "CfDJ8…");
        foreach (var path in (string[])["me", "members", "status", "search?q=support", "tags", "history", "history/choices", "presets", "queue", "runs/active", "fetches", "tokens"])
            await AskAsync($"GET /api/v1/{path}");
        var other = await host.AddRunAsync("earlier");
        await AskAsync($"GET /api/v1/runs/compare?ids={run},{other.Id}");
        await AskAsync("POST /api/v1/presets", new { name = "Careful", config = new { name = "", model = "", dataset = "", learning_rate = new[] { 1e-7 } } });
        await AskAsync("POST /api/v1/queue/pause");
        await AskAsync("POST /api/v1/runs/sweep", new
        {
            run = new { config = new { name = "sweep", model = "", dataset = "", iterations = 1 }, model_id = model, dataset_id = dataset, client_request_id = "2026-11-23-sweep" },
            axes = new[] { new { key = "beta", values = new[] { "0.1", "0.5" } } },
        });
        var waiting = Id((await AskAsync("GET /api/v1/queue"))["waiting"]![0]!["run"]!);
        await AskAsync($"POST /api/v1/queue/{waiting}/move", new { place = 2 });
        await AskAsync($"POST /api/v1/queue/{waiting}/hold");
        await AskAsync($"POST /api/v1/queue/{waiting}/release");
        await AskAsync($"POST /api/v1/runs/{waiting}/stop");
        await AskAsync("POST /api/v1/queue/open");
    }

    private async Task KeepAsync(string run)
    {
        await AskAsync($"GET /api/v1/runs/{run}/keeping");
        await AskAsync($"PUT /api/v1/runs/{run}/notes", new { text = "Good on short questions." });
        await AskAsync($"GET /api/v1/runs/{run}/notes");
        await AskAsync("POST /api/v1/runs/change", new { ids = new[] { run }, change = "tag", tag = "support" });
        var old = (await host.AddRunAsync("old", row => row.TrashedAt = DateTimeOffset.UtcNow)).Id;
        await AskAsync("POST /api/v1/runs/purge/preview", new { ids = new[] { old }, count = 1 });
    }

    private async Task TellAsync()
    {
        await AskAsync("GET /api/v1/notifications");
        await AskAsync("GET /api/v1/notifications/unread");
        await AskAsync("GET /api/v1/notifications/choices");
        await AskAsync("PUT /api/v1/notifications/choices", new Dictionary<string, string> { ["run.failed"] = "team" });
        var hook = await AskAsync("POST /api/v1/webhooks", new { address = "https://hooks.example.com/spinstudio", events = new[] { "run.completed", "run.failed" } });
        Forget(hook, "secret", "whsec_…");
        var id = Id(hook["webhook"]!);
        await AskAsync("GET /api/v1/webhooks");
        await AskAsync($"PATCH /api/v1/webhooks/{id}", new { enabled = false });
        await AskAsync($"GET /api/v1/webhooks/{id}/deliveries");
        Forget(await AskAsync("POST /api/v1/tokens", new { name = "nightly", scope = "run", days = 30 }), "secret", "spin_…");
        await AskAsync("POST /api/v1/members", new { name = "rita", password = StudioHost.Password, role = "rater" });
        Forget(await AskAsync("POST /api/v1/invitations", new { role = "runner", days = 7, single_use = true }), "path", "/join/…");
        foreach (var path in (string[])["invitations", "team", "team/usage", "team/audit", "teams", "teams/usage"])
            await AskAsync($"GET /api/v1/{path}");
    }

    /// <summary>Two iterations of a run and the human, as sources of answers to the same prompts.</summary>
    private async Task<string[]> AnswersAsync()
    {
        var run = await host.AddRunAsync("Support, second try");
        await using (var db = host.Db())
        {
            db.Samples.AddRange(Enumerable.Range(0, 4).SelectMany(i => Enumerable.Range(0, 2).Select(iteration => new Sample
            {
                RunId = run.Id, Iteration = iteration, Split = SampleSplit.HeldOut, PromptId = $"{i:x16}", Prompt = $"How do I undo {i + 2} changes?", Real = $"Choose Undo in the menu, {i + 2} times.",
                Generated = iteration == 0 ? "Press a key." : $"Choose Undo {i + 2} times.", FinishReason = "stop", Tokens = 5, ToHuman = 0.5, LogProb = -4, HumanLogProb = -6, RewardHuman = 0.5, RewardOpponent = 0.25,
            })));
            await db.SaveChangesAsync();
        }

        string[] sources = [$"{run.Id}:0", $"{run.Id}:1", "human"];
        var query = string.Join('&', sources.Select(source => $"source={source}"));
        await AskAsync("GET /api/v1/answers/sources");
        await AskAsync($"GET /api/v1/answers/prompts?{query}&take=1");
        await AskAsync($"GET /api/v1/answers/prompts/0000000000000001?{query}", operation: "GET /api/v1/answers/prompts/{promptId}");
        return sources;
    }

    private async Task VoteAsync(string[] sources)
    {
        var arena = Id((await AskAsync("POST /api/v1/arenas", new { name = "Does the second try help?", contestants = sources }))["summary"]!);
        var ballots = $"/api/v1/arenas/{arena}/ballots";
        var ballot = Id((await AskAsync($"POST {ballots}"))["ballot"]!);
        await AskAsync($"POST {ballots}/{ballot}/vote", new { choice = "first", comment = "Says where to look." }, "POST /api/v1/arenas/{id}/ballots/{ballot}/vote");
        await AskAsync("GET /api/v1/arenas");
        foreach (var part in (string[])["", "/standings", "/agreement"])
            await AskAsync($"GET /api/v1/arenas/{arena}{part}");
        await AskAsync($"POST /api/v1/arenas/{arena}/close");
        await AskAsync($"POST /api/v1/arenas/{arena}/dataset", new { name = "Votes on undoing" });
    }

    private async Task JudgeAsync(string[] sources)
    {
        var asked = new TaskCompletionSource(); // the judge thinks until its work was answered for, whose names would depend on its speed
        using var judge = new ScriptedJudge(async question =>
        {
            if (question.Prompt.Length > 0)
                await asked.Task;
            return (200, "It says where to look.\nVerdict: A");
        });
        addresses[judge.Address] = "https://models.example.com/v1";
        var server = Id(await AskAsync("POST /api/v1/servers", new { name = "Ours", address = judge.Address, model = "judge-1" }));
        await AskAsync("GET /api/v1/servers");
        await AskAsync($"POST /api/v1/servers/{server}/test");
        await AskAsync($"PUT /api/v1/servers/{server}", new { name = "Judge", address = judge.Address, model = "judge-1" });
        await AskAsync("GET /api/v1/judgings/template");
        object wanted = new { server_id = server, sources, prompts = 4 };
        await AskAsync("POST /api/v1/judgings/plan", wanted);
        var judging = Id(await AskAsync("POST /api/v1/judgings", wanted));
        asked.SetResult();
        await JudgingTests.DoneAsync(admin, Guid.Parse(judging), "done");
        await AskAsync("GET /api/v1/judgings");
        foreach (var part in (string[])["", "/results", "/pairs?take=1"])
            await AskAsync($"GET /api/v1/judgings/{judging}{part}");
    }

    /// <param name="request">Method and path; ids in it become {id} in the operation.</param>
    private async Task<JsonNode> AskAsync(string request, object? body = null, string? operation = null)
    {
        var (method, path) = (request.Split(' ')[0], request.Split(' ')[1]);
        var answer = method == "GET" ? await admin.GetAsync(path) : await admin.SendAsync(new HttpMethod(method), path, JsonContent.Create(body ?? new { }));
        if (answer.StatusCode == System.Net.HttpStatusCode.NoContent)
            return new JsonObject();
        var read = await ReadAsync(answer, request);
        Keep(operation ?? Regex.Replace(request.Split('?')[0], "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "{id}"), body is null ? null : System.Text.Json.JsonSerializer.SerializeToNode(body), read);
        return read;
    }

    private void Keep(string operation, JsonNode? request, JsonNode response) => Exchanges.TryAdd(operation, new ApiExample(Lasting(request), Short(Lasting(response)!)));

    private JsonNode? Lasting(JsonNode? node) => node is null ? null : JsonNode.Parse(addresses.Aggregate(node.ToJsonString(), (text, address) => text.Replace(address.Key, address.Value, StringComparison.Ordinal)));

    /// <summary>Of a list its first entries: enough to see what they are like.</summary>
    private static JsonNode Short(JsonNode node)
    {
        if (node is JsonArray list)
        {
            while (list.Count > MostEntries)
                list.RemoveAt(MostEntries);
        }

        foreach (var inner in (node as JsonArray)?.ToList() ?? (node as JsonObject)?.Select(member => member.Value).ToList() ?? [])
        {
            if (inner is not null)
                Short(inner);
        }

        return node;
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer, string request = "")
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{request}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Secrets do not belong into the documentation, even those of a studio that is gone.</summary>
    private static void Forget(JsonNode answer, string name, string shown) => answer[name] = shown;

    private static string Id(JsonNode answer) => (string)answer["id"]!;
}
