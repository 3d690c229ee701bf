using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Tests;

/// <summary>Blind voting over the API: what is told when, and to whom.</summary>
public sealed class ArenaTests(StudioHost host) : IClassFixture<StudioHost>
{
    private const string RunName = "zebra run";

    [Fact]
    public async Task Nothing_tells_whose_answers_they_are_before_the_vote_and_the_vote_counts_once()
    {
        var ada = await host.AdminAsync();
        var (arena, run) = await MakeAsync(ada);
        var before = await TextAsync(await ada.PostAsync($"/api/v1/arenas/{arena}/ballots"));
        var page = await TextAsync(await ada.GetAsync($"/arena/{arena}/vote"));
        var ballot = JsonDocument.Parse(before).RootElement.GetProperty("ballot");
        Assert.Contains(ballot.GetProperty("first").GetString()!, page, StringComparison.Ordinal);
        foreach (var text in new[] { before, page })
        {
            Assert.DoesNotContain(run.Id.ToString(), text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(RunName, text, StringComparison.Ordinal);
            Assert.DoesNotContain("Iteration 0", text, StringComparison.Ordinal);
            Assert.DoesNotContain("\"human\"", text, StringComparison.Ordinal);
        }

        var address = $"/api/v1/arenas/{arena}/ballots/{ballot.GetProperty("id").GetGuid()}";
        var rater = await RaterAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await rater.PostAsync(address + "/vote", new { choice = "first" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.PostAsync($"/api/v1/arenas/{arena}/ballots/{Guid.NewGuid()}/vote", new { choice = "first" })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.PostAsync(address + "/vote", new { choice = "first", comment = new string('x', 2001) })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.PostAsync(address + "/vote", new { choice = "third" })).StatusCode);

        var reveal = JsonDocument.Parse(await TextAsync(await ada.PostAsync(address + "/vote", new { choice = "first", comment = " clearer " }))).RootElement;
        Assert.Contains(Text(reveal, "first"), ballot.GetProperty("first").GetString()!, StringComparison.Ordinal);
        Assert.Contains(Text(reveal, "second"), ballot.GetProperty("second").GetString()!, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await ada.PostAsync(address + "/vote", new { choice = "second" })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await ada.PostAsync(address + "/skip")).StatusCode);
        await using var db = host.Db();
        var kept = await db.ArenaBallots.SingleAsync(row => row.ArenaId == arena && row.Outcome != null);
        Assert.Equal(("clearer", kept.Swapped ? BallotOutcome.Two : BallotOutcome.One), (kept.Comment, kept.Outcome));

        // Each contestant's answers begin with its source's mark, see Row.
        static string Text(JsonElement reveal, string seat) => reveal.GetProperty(seat).GetProperty("source").GetString()! is "human" ? "human" : $"model {reveal.GetProperty(seat).GetProperty("source").GetString()!.Split(':')[1]}";
    }

    [Fact]
    public async Task A_ballot_expires_and_an_open_one_is_given_again()
    {
        var ada = await host.AdminAsync();
        var (arena, _) = await MakeAsync(ada);
        var first = await BallotAsync(ada, arena);
        Assert.Equal(first!.Value.Id, (await BallotAsync(ada, arena))!.Value.Id);
        await using (var db = host.Db())
        {
            var past = DateTimeOffset.UtcNow.AddMinutes(-1);
            await db.ArenaBallots.Where(row => row.Id == first.Value.Id).ExecuteUpdateAsync(row => row.SetProperty(x => x.ExpiresAt, past));
        }

        var refused = await ada.PostAsync($"/api/v1/arenas/{arena}/ballots/{first.Value.Id}/vote", new { choice = "tie" });
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("expired", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.NotEqual(first.Value.Id, (await BallotAsync(ada, arena))!.Value.Id);
    }

    [Fact]
    public async Task Every_two_answers_come_once_equal_texts_never_and_undo_gives_them_to_others()
    {
        var ada = await host.AdminAsync();
        // Of four prompts the last has the same text from both iterations.
        var (arena, _) = await MakeAsync(ada, ["model:0", "model:1"], votesPerPair: 3);
        var seen = new List<string>();
        await VoteAsync(ada, arena, "first", seen);
        Assert.Equal(HttpStatusCode.NoContent, (await ada.PostAsync($"/api/v1/arenas/{arena}/undo")).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await ada.PostAsync($"/api/v1/arenas/{arena}/undo")).StatusCode);
        await VoteAsync(ada, arena, "tie", seen);
        var skipped = (await BallotAsync(ada, arena))!.Value;
        seen.Add(skipped.Prompt);
        Assert.Equal(HttpStatusCode.NoContent, (await ada.PostAsync($"/api/v1/arenas/{arena}/ballots/{skipped.Id}/skip")).StatusCode);
        Assert.Null(await BallotAsync(ada, arena));
        Assert.Equal(["prompt 0", "prompt 1", "prompt 2"], seen.Order());

        var standings = await ada.GetJsonAsync($"/api/v1/arenas/{arena}/standings");
        Assert.Equal((1, 1), (standings.GetProperty("votes").GetInt32(), standings.GetProperty("pairs")[0].GetProperty("ties").GetInt32()));
        Assert.Equal(1, standings.GetProperty("pairs")[0].GetProperty("identical").GetInt32());
        var rater = await RaterAsync();
        await VoteAsync(rater, arena, "both_bad", []);
        await VoteAsync(rater, arena, "first", []);
        Assert.Null(await BallotAsync(rater, arena)); // three were wanted
        Assert.Equal(HttpStatusCode.Conflict, (await (await host.MemberAsync($"late {arena:N}", TeamRole.Rater)).PostAsync($"/api/v1/arenas/{arena}/undo")).StatusCode);
    }

    [Fact]
    public async Task The_human_is_spotted_or_not()
    {
        var ada = await host.AdminAsync();
        var (arena, _) = await MakeAsync(ada);
        for (var i = 0; i < 4; i++)
        {
            var ballot = (await BallotAsync(ada, arena, "human"))!.Value;
            var choice = ballot.First.StartsWith("human", StringComparison.Ordinal) == (i > 0) ? "first" : "second";
            Assert.Equal(HttpStatusCode.BadRequest, (await ada.PostAsync($"/api/v1/arenas/{arena}/ballots/{ballot.Id}/vote", new { choice = "tie" })).StatusCode);
            var reveal = JsonDocument.Parse(await TextAsync(await ada.PostAsync($"/api/v1/arenas/{arena}/ballots/{ballot.Id}/vote", new { choice }))).RootElement;
            Assert.Equal(i > 0, reveal.GetProperty("right").GetBoolean());
        }

        // Each prompt's human answer has been told.
        Assert.Null(await BallotAsync(ada, arena, "human"));
        var spots = (await ada.GetJsonAsync($"/api/v1/arenas/{arena}/standings")).GetProperty("spots").EnumerateArray().Select(spot => spot.GetProperty("found")).ToList();
        Assert.Equal(4, spots.Sum(found => found.GetProperty("count").GetInt32()));
        Assert.Equal(3, spots.Sum(found => found.GetProperty("mean").GetDouble() * found.GetProperty("count").GetInt32()), 1e-9);
        var (without, _) = await MakeAsync(ada, ["model:0", "model:1"]);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.PostAsync($"/api/v1/arenas/{without}/ballots?kind=human")).StatusCode);
    }

    [Fact]
    public async Task Votes_outlive_the_run_and_become_a_preference_dataset()
    {
        var ada = await host.AdminAsync();
        var (arena, run) = await MakeAsync(ada);
        await using (var db = host.Db())
        {
            await db.Runs.Where(row => row.Id == run.Id).ExecuteDeleteAsync();
        }

        var rater = await RaterAsync();
        for (var i = 0; i < 6; i++)
        {
            // People prefer the human answer, and cannot decide between models.
            var ballot = (await BallotAsync(rater, arena))!.Value;
            var choice = ballot.First.StartsWith("human", StringComparison.Ordinal) ? "first" : ballot.Second.StartsWith("human", StringComparison.Ordinal) ? "second" : "tie";
            await TextAsync(await rater.PostAsync($"/api/v1/arenas/{arena}/ballots/{ballot.Id}/vote", new { choice, comment = "=1+1" }));
        }

        var csv = (await TextAsync(await ada.GetAsync($"/api/v1/arenas/{arena}/votes.csv"))).TrimEnd().Split('\n');
        Assert.Equal(7, csv.Length);
        Assert.Contains($"{RunName} · Iteration 1", string.Concat(csv), StringComparison.Ordinal);
        Assert.All(csv.Skip(1), line => Assert.EndsWith(",'=1+1", line, StringComparison.Ordinal));
        var lines = (await TextAsync(await ada.GetAsync($"/api/v1/arenas/{arena}/preferences.jsonl"))).TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(lines, line => Assert.StartsWith("human", line.GetProperty("response").GetString(), StringComparison.Ordinal));
        Assert.All(lines, line => Assert.StartsWith("model", line.GetProperty("rejected").GetString(), StringComparison.Ordinal));
        Assert.All(lines, line => Assert.Equal("be brief", line.GetProperty("system").GetString()));

        Assert.Equal(HttpStatusCode.Forbidden, (await rater.PostAsync($"/api/v1/arenas/{arena}/dataset", new { name = "no" })).StatusCode);
        var made = JsonDocument.Parse(await TextAsync(await ada.PostAsync($"/api/v1/arenas/{arena}/dataset", new { name = $"votes {arena:N}" }))).RootElement.GetProperty("id").GetGuid();
        var summary = (await ada.GetJsonAsync($"/api/v1/datasets/{made}")).GetProperty("summary");
        Assert.Equal(lines.Count, summary.GetProperty("rows").GetInt32());
        Assert.Contains($"{6 - lines.Count} ", summary.GetProperty("source").GetString(), StringComparison.Ordinal);

        var standings = await ada.GetJsonAsync($"/api/v1/arenas/{arena}/standings");
        Assert.Equal(6, standings.GetProperty("comments").GetArrayLength());
        Assert.Equal("human", standings.GetProperty("rows")[0].GetProperty("contestant").GetProperty("source").GetString());
        Assert.True((await ada.DeleteAsync($"/api/v1/arenas/{arena}")).IsSuccessStatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync($"/api/v1/arenas/{arena}")).StatusCode);
    }

    [Fact]
    public async Task Votes_are_held_against_each_other_and_against_the_implicit_reward()
    {
        var ada = await host.AdminAsync();
        var (arena, _) = await MakeAsync(ada, ["human", "model:0"], votesPerPair: 8);
        var rater = await RaterAsync();
        foreach (var (voter, human) in new[] { (ada, true), (ada, true), (ada, true), (ada, true), (rater, true), (rater, true), (rater, true), (rater, false) })
        {
            var ballot = (await BallotAsync(voter, arena))!.Value;
            var choice = ballot.First.StartsWith("human", StringComparison.Ordinal) == human ? "first" : "second";
            await TextAsync(await voter.PostAsync($"/api/v1/arenas/{arena}/ballots/{ballot.Id}/vote", new { choice }));
        }

        var report = await ada.GetJsonAsync($"/api/v1/arenas/{arena}/agreement");
        var observed = report.GetProperty("raters").GetProperty("observed");
        Assert.Equal((0.75, 4), (observed.GetProperty("mean").GetDouble(), observed.GetProperty("count").GetInt32()));
        var reward = Assert.Single(report.GetProperty("others").EnumerateArray(), other => other.GetProperty("name").GetString() == "Implicit reward");
        // One prompt has a vote for either; of the other three iteration 1 prefers the human answer to all but that of prompt 0.
        var (agreeing, left) = (reward.GetProperty("agreement").GetProperty("observed"), reward.GetProperty("left_out").GetInt32());
        Assert.Equal((3, 1), (agreeing.GetProperty("count").GetInt32(), left));
        Assert.InRange(reward.GetProperty("disagreements").GetArrayLength(), 0, 1);
        Assert.Equal(3 - reward.GetProperty("disagreements").GetArrayLength(), 3 * agreeing.GetProperty("mean").GetDouble(), 1e-9);
    }

    [Fact]
    public async Task Roles_other_teams_closed_arenas_and_bad_requests_are_refused()
    {
        var ada = await host.AdminAsync();
        var (arena, run) = await MakeAsync(ada);
        var (rater, viewer) = (await RaterAsync(), await host.MemberAsync($"viewer {arena:N}", TeamRole.Viewer));
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync($"/api/v1/arenas/{arena}/ballots")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await viewer.GetAsync($"/api/v1/arenas/{arena}/standings")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.PostAsync("/api/v1/arenas", new { name = "x", contestants = Sources(run, ["human", "model:0"]) })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rater.DeleteAsync($"/api/v1/arenas/{arena}")).StatusCode);
        Assert.Equal(0, (await viewer.GetJsonAsync($"/api/v1/arenas/{arena}")).GetProperty("summary").GetProperty("waiting").GetInt32());
        Assert.Equal(11, (await rater.GetJsonAsync($"/api/v1/arenas/{arena}")).GetProperty("summary").GetProperty("waiting").GetInt32());

        Assert.Equal(HttpStatusCode.OK, (await ada.PostAsync($"/api/v1/arenas/{arena}/close")).StatusCode);
        var closed = await rater.PostAsync($"/api/v1/arenas/{arena}/ballots");
        Assert.Equal(HttpStatusCode.Conflict, closed.StatusCode);
        Assert.Contains("closed", await closed.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var theirs = await OfAnotherTeamAsync();
        foreach (var path in new[] { "", "/standings", "/agreement", "/votes.csv", "/preferences.jsonl" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync($"/api/v1/arenas/{theirs}{path}")).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await ada.PostAsync($"/api/v1/arenas/{theirs}/ballots")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.DeleteAsync($"/api/v1/arenas/{theirs}")).StatusCode);
        foreach (var (contestants, name, split) in new[]
        {
            (Sources(run, ["model:0"]), "x", "held_out"), (Sources(run, ["human", "human"]), "x", "held_out"), (Sources(run, ["human", "model:0"]), " ", "held_out"),
            (Sources(run, ["human", "model:0"]), "x", "all"), (Sources(run, ["human", "model:7"]), "x", "held_out"), (["human", "someone"], "x", "held_out"),
        })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await ada.PostAsync("/api/v1/arenas", new { name, contestants, split })).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await ada.PostAsync("/api/v1/arenas", new { name = "x", contestants = new[] { "human", $"{Guid.NewGuid()}:0" } })).StatusCode);
    }

    /// <summary>A run with two iterations that answered four prompts, and an arena of them and the human answer.</summary>
    private async Task<(Guid Arena, Run Run)> MakeAsync(Browser ada, string[]? contestants = null, int votesPerPair = 4)
    {
        var run = await host.AddRunAsync(RunName);
        await using (var db = host.Db())
        {
            db.Samples.AddRange(Enumerable.Range(0, 4).SelectMany(prompt => new[] { Row(run, 0, prompt), Row(run, 1, prompt) }));
            await db.SaveChangesAsync();
        }

        var answer = await ada.PostAsync("/api/v1/arenas", new { name = "which one", contestants = Sources(run, contestants ?? ["human", "model:0", "model:1"]), votes_per_pair = votesPerPair });
        var arena = JsonDocument.Parse(await TextAsync(answer)).RootElement;
        return (arena.GetProperty("summary").GetProperty("id").GetGuid(), run);
    }

    private static string[] Sources(Run run, string[] names) => [.. names.Select(name => name.Replace("model", run.Id.ToString(), StringComparison.Ordinal))];

    /// <summary>The last prompt's answers of both iterations are the same text.</summary>
    private static Sample Row(Run run, int iteration, int prompt) => new()
    {
        RunId = run.Id, Iteration = iteration, Split = SampleSplit.HeldOut, PromptId = $"{prompt:x16}", System = "be brief", Prompt = $"prompt {prompt}", Real = $"human answer {prompt}",
        Generated = prompt == 3 ? "model 0 model 1 answer" : $"model {iteration} answer {prompt}", FinishReason = "stop", RewardHuman = 0.5, RewardOpponent = iteration == 1 && prompt == 0 ? 0.75 : 0.25,
    };

    private async Task<Guid> OfAnotherTeamAsync()
    {
        var team = await host.OtherTeamAsync();
        await using var db = host.Db();
        var arena = new Arena { TeamId = team, Name = "theirs", Split = SampleSplit.HeldOut, CreatedBy = "eve", CreatedAt = DateTimeOffset.UtcNow };
        db.Arenas.Add(arena);
        await db.SaveChangesAsync();
        return arena.Id;
    }

    private async Task<Browser> RaterAsync() => await host.MemberAsync($"rater {Guid.NewGuid():N}", TeamRole.Rater);

    private static async Task<(Guid Id, string Prompt, string First, string Second)?> BallotAsync(Browser browser, Guid arena, string kind = "better")
    {
        var turn = JsonDocument.Parse(await TextAsync(await browser.PostAsync($"/api/v1/arenas/{arena}/ballots?kind={kind}"))).RootElement;
        return turn.TryGetProperty("ballot", out var ballot)
            ? (ballot.GetProperty("id").GetGuid(), ballot.GetProperty("prompt").GetString()!, ballot.GetProperty("first").GetString()!, ballot.GetProperty("second").GetString()!)
            : null;
    }

    private static async Task VoteAsync(Browser browser, Guid arena, string choice, List<string> seen)
    {
        var ballot = (await BallotAsync(browser, arena))!.Value;
        seen.Add(ballot.Prompt);
        await TextAsync(await browser.PostAsync($"/api/v1/arenas/{arena}/ballots/{ballot.Id}/vote", new { choice }));
    }

    private static async Task<string> TextAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.RequestMessage!.RequestUri}: {answer.StatusCode} {text}");
        return text;
    }
}
