using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Testing;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Arenas;
using SpinStudio.Web.Features.Judging;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Tests;

public sealed class JudgingTests(ServerTests.Allowing fixture) : IClassFixture<ServerTests.Allowing>
{
    private StudioHost Host => fixture.Host;

    [Fact]
    public async Task Each_pair_is_judged_in_both_orders_whatever_the_server_does_in_between()
    {
        using var judge = new ScriptedJudge(question => (question.Prompt, question.Asked, question.A.StartsWith("good", StringComparison.Ordinal)) switch
        {
            ("prompt 1", 1, _) => (429, "slow down"),
            ("prompt 2", 1, _) => (500, "oh"),
            ("prompt 3", 1, _) => (0, ""),
            ("prompt 4", _, _) => (200, "Verdict: A"),
            ("prompt 5", _, true) => (200, "I cannot say."),
            ("prompt 6", _, true) => (400, "too long for me"),
            ("prompt 7", _, true) => (200, new string('x', 2 << 20)),
            ("prompt 8", _, _) => (200, "Verdict: tie"),
            (_, _, true) => (200, "It is good.\nVerdict: A"),
            _ => (200, "It is good.\n**Verdict: B**"),
        });
        var (admin, server) = await ServerAsync("both", judge);
        var run = await AnswersAsync(10);

        var plan = await PostAsync(admin, "/api/v1/judgings/plan", Wanted(server, run));
        Assert.Equal((10, 10, 1, 18), (plan.GetProperty("prompts").GetInt32(), plan.GetProperty("pairs").GetInt32(), plan.GetProperty("identical").GetInt32(), plan.GetProperty("requests").GetInt32()));
        Assert.Empty(judge.Asked);
        var done = await DoneAsync(admin, (await PostAsync(admin, "/api/v1/judgings", Wanted(server, run))).GetProperty("id").GetGuid(), "done");

        var results = await admin.GetJsonAsync($"/api/v1/judgings/{done}/results");
        var pair = Assert.Single(results.GetProperty("pairs").EnumerateArray());
        Assert.Equal((4, 0, 2, 3), (pair.GetProperty("first_wins").GetInt32(), pair.GetProperty("second_wins").GetInt32(), pair.GetProperty("ties").GetInt32(), pair.GetProperty("open").GetInt32()));
        Assert.Equal((6, 5.0 / 6), (pair.GetProperty("win_rate").GetProperty("count").GetInt32(), pair.GetProperty("win_rate").GetProperty("mean").GetDouble()));
        Assert.Equal(1.0 / 6, results.GetProperty("flips").GetProperty("mean").GetDouble(), 12);
        Assert.Equal((1, 2), (results.GetProperty("unreadable").GetInt32(), results.GetProperty("refused").GetInt32()));
        Assert.Equal(1600, results.GetProperty("asked_tokens").GetInt64());

        Assert.False(results.TryGetProperty("people", out _));
        await VoteAsync(run, ("p1", BallotOutcome.One), ("p2", BallotOutcome.Two), ("p3", BallotOutcome.One), ("p4", BallotOutcome.One), ("p9", BallotOutcome.Tie));
        var people = (await admin.GetJsonAsync($"/api/v1/judgings/{done}/results")).GetProperty("people").GetProperty("observed");
        Assert.Equal((3, 2.0 / 3), (people.GetProperty("count").GetInt32(), people.GetProperty("mean").GetDouble()));
        await using (var scope = await Host.AsAsync(StudioHost.AdminName))
        {
            var (model, human) = (new AnswerSource(run.Id, 0), AnswerSource.Human);
            var verdicts = await scope.ServiceProvider.GetServices<IPairVerdicts>().OfType<JudgeVerdicts>().Single()
                .FindAsync(run.TeamId, SampleSplit.HeldOut, [new("p1", model, human), new("p2", human, model), new("p4", model, human), new("p5", model, human)], default);
            Assert.Equal([PairVerdict.First, PairVerdict.Second, PairVerdict.Tie], verdicts.OrderBy(verdict => verdict.Key.PromptId).Select(verdict => verdict.Value));
        }

        var flipped = Assert.Single((await admin.GetJsonAsync($"/api/v1/judgings/{done}/pairs?filter=flipped")).GetProperty("items").EnumerateArray());
        Assert.Equal(["first", "second"], flipped.GetProperty("requests").EnumerateArray().Select(request => request.GetProperty("outcome").GetString()));
        Assert.All(flipped.GetProperty("requests").EnumerateArray(), request => Assert.Contains(request.GetProperty("asked").GetString()!, judge.Asked.Keys));
        Assert.Equal(3, (await admin.GetJsonAsync($"/api/v1/judgings/{done}/pairs?filter=open")).GetProperty("total").GetInt32());

        var csv = await (await admin.GetAsync($"/api/v1/judgings/{done}/verdicts.csv")).Content.ReadAsStringAsync();
        Assert.Contains(",refused,", csv, StringComparison.Ordinal);
        Assert.Contains("too long for me", csv, StringComparison.Ordinal);
        var lines = (await (await admin.GetAsync($"/api/v1/judgings/{done}/verdicts.jsonl")).Content.ReadAsStringAsync()).TrimEnd('\n').Split('\n');
        Assert.Equal(18, lines.Length);
        Assert.All(lines, line => Assert.Contains(JsonDocument.Parse(line).RootElement.GetProperty("asked").GetString()!, judge.Asked.Keys));
    }

    [Fact]
    public async Task After_a_restart_or_a_failure_nothing_is_asked_twice_that_is_known()
    {
        var refuse = true;
        var arrived = new TaskCompletionSource();
        var held = new TaskCompletionSource();
        using var judge = new ScriptedJudge(async question =>
        {
            if (question.Prompt == "prompt 5" && question.Asked == 1)
            {
                arrived.TrySetResult();
                await held.Task;
            }

            return question.Prompt == "prompt 9" && refuse ? (401, "whose key is that?") : (200, "Verdict: tie");
        });
        var (admin, server) = await ServerAsync("restarted", judge);
        var id = (await PostAsync(admin, "/api/v1/judgings", Wanted(server, await AnswersAsync(12), parallel: 1))).GetProperty("id").GetGuid();
        await arrived.Task;
        await Host.RestartAsync();
        held.SetResult();
        admin = await Host.AdminAsync();
        await DoneAsync(admin, id, "failed");
        Assert.Contains("whose key is that?", (await admin.GetJsonAsync($"/api/v1/judgings/{id}")).GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync($"/api/v1/judgings/{id}/cancel")).StatusCode);

        refuse = false;
        Assert.True((await admin.PostAsync($"/api/v1/judgings/{id}/resume")).IsSuccessStatusCode);
        await DoneAsync(admin, id, "done");
        var results = await admin.GetJsonAsync($"/api/v1/judgings/{id}/results");
        Assert.Equal(11, Assert.Single(results.GetProperty("pairs").EnumerateArray()).GetProperty("ties").GetInt32());

        // Sent twice: what was on its way when the studio went, and what was refused.
        Assert.Equal(22, judge.Asked.Count);
        Assert.All(judge.Asked.Where(asked => asked.Value > 1), asked => Assert.Matches("\nprompt (5|9)\n", asked.Key));
        Assert.InRange(judge.Asked.Values.Sum(), 24, 25);
    }

    [Fact]
    public async Task A_cancelled_one_stops_asking_and_what_cannot_be_started_is_refused()
    {
        using var judge = new ScriptedJudge(async question =>
        {
            await Task.Yield();
            return question.Asked > 0 ? (503, "") : (200, "");
        });
        var (admin, server) = await ServerAsync("cancelled", judge);
        var run = await AnswersAsync(3);
        var id = (await PostAsync(admin, "/api/v1/judgings", Wanted(server, run))).GetProperty("id").GetGuid();
        Assert.Equal("cancelled", (await PostAsync(admin, $"/api/v1/judgings/{id}/cancel", new { })).GetProperty("state").GetString());
        var runner = await Host.MemberAsync("rater", TeamRole.Rater);
        Assert.Equal(HttpStatusCode.Forbidden, (await runner.PostAsync("/api/v1/judgings", Wanted(server, run))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await runner.GetAsync($"/api/v1/judgings/{id}/results")).StatusCode);

        await RefusedAsync(new { server_id = server, sources = new[] { $"{run.Id}:0" } }, "2 to 12");
        await RefusedAsync(new { server_id = server, sources = new[] { $"{run.Id}:0", $"{run.Id}:0" } }, "different");
        await RefusedAsync(new { server_id = server, sources = new[] { $"{run.Id}:0", "human" }, prompts = 0 }, "got 0");
        await RefusedAsync(new { server_id = server, sources = new[] { $"{run.Id}:0", "human" }, max_tokens = 1_000_000 }, "8192");
        await RefusedAsync(new { server_id = server, sources = new[] { $"{run.Id}:0", "human" }, template = "Which one?" }, "{prompt}");
        await RefusedAsync(new { server_id = server, sources = new[] { $"{run.Id}:0", "human" }, split = "train" }, "no prompt");
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PostAsync("/api/v1/judgings", new { server_id = Guid.NewGuid(), sources = new[] { $"{run.Id}:0", "human" } })).StatusCode);

        async Task RefusedAsync(object wanted, string said)
        {
            var answer = await admin.PostAsync("/api/v1/judgings", wanted);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains(said, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    private async Task<(Browser Admin, Guid Server)> ServerAsync(string name, ScriptedJudge judge)
    {
        var admin = await Host.AdminAsync();
        return (admin, (await ServerTests.AddAsync(admin, name, judge.Address, null)).GetProperty("id").GetGuid());
    }

    /// <summary>A run whose model answers "good answer N" to "prompt N", except to prompt 0, where it says what the human said.</summary>
    private async Task<Run> AnswersAsync(int prompts)
    {
        var run = await Host.AddRunAsync("judged");
        await using var db = Host.Db();
        db.Samples.AddRange(Enumerable.Range(0, prompts).Select(i => new Sample
        {
            RunId = run.Id, Iteration = 0, Split = SampleSplit.HeldOut, PromptId = $"p{i}", Prompt = $"prompt {i}", Real = $"human {i}", Generated = i == 0 ? "human 0" : $"good answer {i}", FinishReason = "stop", Tokens = 3,
        }));
        await db.SaveChangesAsync();
        return run;
    }

    /// <summary>An arena in which people voted on answers of the run's model (one) and the human (two).</summary>
    private async Task VoteAsync(Run run, params (string Prompt, BallotOutcome Outcome)[] votes)
    {
        await using var db = Host.Db();
        var arena = new Arena { TeamId = run.TeamId, Name = $"votes {run.Id}", Split = SampleSplit.HeldOut, CreatedBy = "ada", CreatedAt = DateTimeOffset.UtcNow };
        arena.Contestants.Add(new ArenaContestant { ArenaId = arena.Id, Number = 0, Source = $"{run.Id}:0", Name = "model" });
        arena.Contestants.Add(new ArenaContestant { ArenaId = arena.Id, Number = 1, Source = "human", Name = "Human" });
        db.Arenas.Add(arena);
        db.ArenaPrompts.AddRange(votes.Select((vote, i) => new ArenaPrompt { ArenaId = arena.Id, Number = i, PromptId = vote.Prompt, Text = vote.Prompt }));
        db.ArenaBallots.AddRange(votes.Select((vote, i) => new ArenaBallot
        {
            ArenaId = arena.Id, UserName = "ada", Kind = BallotKind.Better, Prompt = i, One = 0, Two = 1, Outcome = vote.Outcome, DrawnAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow, VotedAt = DateTimeOffset.UtcNow,
        }));
        await db.SaveChangesAsync();
    }

    private static object Wanted(Guid server, Run run, int parallel = 4) => new { server_id = server, sources = new[] { $"{run.Id}:0", "human" }, prompts = 50, parallel };

    private static async Task<JsonElement> PostAsync(Browser browser, string path, object body)
    {
        var answer = await browser.PostAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    internal static async Task<Guid> DoneAsync(Browser browser, Guid id, string state)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var judging = await browser.GetJsonAsync($"/api/v1/judgings/{id}");
            if (judging.GetProperty("state").GetString() == state)
            {
                return id;
            }

            Assert.True(watch.Elapsed.TotalSeconds < 60, $"waited 60 s for {state}: {judging}");
            await Task.Delay(50);
        }
    }
}
