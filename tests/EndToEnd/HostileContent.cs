using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace EndToEnd;

/// <summary>Everything that a person, a model or another server can write, filled with what would do something if it were taken for more than text.</summary>
internal sealed class HostileContent(Studio studio, Visitor ada)
{
    /// <summary>Short enough for names: markup with a script in each way that one can be started, a formula, and a character that turns the text around.</summary>
    public const string Name = "=1+1<img src=x onerror=hit(1)><svg onload=hit(2)>\u202e'\"";

    public const string Text = Name + """
        <script>hit(3)</script> [link](javascript:hit(4)) ![image](https://evil.example/x.png) <a href="javascript:hit(5)">x</a> <iframe srcdoc="<script>parent.hit(6)</script>"></iframe>
        <style>* { display: none }</style> </textarea></title><script>hit(7)</script> {{7*7}} @{hit(8)} <math><mi xlink:href="javascript:hit(9)">x</mi></math> <base href="https://evil.example/">
        """;

    private const string Token = "hostile-token-of-forty-three-characters-xx-";
    private static readonly string Long = new('W', 10_000);

    public string Run { get; private set; } = "";

    public string Failed { get; private set; } = "";

    public string Dataset { get; private set; } = "";

    public string Model { get; private set; } = "";

    public string Arena { get; private set; } = "";

    public string Judging { get; private set; } = "";

    public async Task PutAsync()
    {
        Dataset = await ImportAsync();
        await ada.PostAsync("/api/v1/members", new JsonObject { ["name"] = Name, ["password"] = Visitor.Password, ["role"] = "runner" });
        var options = new DbContextOptionsBuilder<StudioDb>();
        options.UseStudioSqlite(StudioDbSetup.ConnectionString(Path.Combine(studio.Data, "studio.db")));
        await using var db = new StudioDb(options.Options);
        var team = await db.Teams.SingleAsync();
        team.Name = Name;
        AddModel(db, team);
        AddRuns(db, team);
        AddTalk(db, team, await db.Users.SingleAsync(user => user.UserName == Visitor.Name));
        AddArena(db, team);
        AddJudging(db, team);
        await db.SaveChangesAsync();
    }

    /// <summary>Addresses for people who are not logged in: a shared run, an invitation to the team, and a new password for a member.</summary>
    public async Task<IReadOnlyList<string>> DoorsAsync()
    {
        var invitation = await ada.PostAsync("/api/v1/invitations", new JsonObject { ["role"] = "viewer", ["days"] = 1 });
        var member = JsonNode.Parse(await ada.FetchAsync("/api/v1/members"))!.AsArray().Single(member => (string)member!["name"]! == Name)!;
        var reset = await ada.PostAsync($"/api/v1/members/{member["user_id"]}/reset", new JsonObject());
        return ["/s/" + Token, (string)invitation!["path"]!, (string)reset!["path"]!];
    }

    private async Task<string> ImportAsync()
    {
        var rows = string.Concat(Enumerable.Range(0, 8).Select(i => new JsonObject { ["prompt"] = $"{i} {Text}", ["response"] = i == 0 ? Long : $"{Text}{i}" }.ToJsonString() + "\n"));
        var bytes = Encoding.UTF8.GetBytes(rows);
        var upload = (string)(await ada.PostAsync("/api/v1/uploads", new JsonObject { ["file_name"] = Name + ".jsonl", ["length"] = bytes.Length }))!["id"]!;
        await ada.PutBytesAsync($"/api/v1/uploads/{upload}?offset=0", bytes);
        var dataset = await ada.PostAsync("/api/v1/datasets", new JsonObject { ["upload_ids"] = new JsonArray(upload), ["name"] = Name, ["description"] = Text });
        return (string)dataset!["id"]!;
    }

    private void AddModel(StudioDb db, Team team)
    {
        var folder = Path.Combine(studio.Data, "models", "hostile");
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(Repository.In("samples", "model")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.WriteAllText(Path.Combine(folder, "README.md"), $"---\nlicense: {Text}\n---\n{Text}");
        var model = new Model
        {
            TeamId = team.Id, Name = Name, Folder = "models/hostile", Sha256 = new string('a', 64), Architecture = Name, Parameters = 10, Bytes = 9, CreatedAt = DateTimeOffset.UtcNow, Origin = ModelOrigin.Uploaded,
            Source = "javascript:hit(10)//" + Name, License = Name, Note = Text,
        };
        db.Models.Add(model);
        Model = model.Id.ToString();
    }

    private void AddRuns(StudioDb db, Team team)
    {
        var finished = NewRun(team, RunStatus.Completed);
        var failed = NewRun(team, RunStatus.Failed);
        (failed.FailureCause, failed.FailureMessage, failed.FailureFixes, failed.FailureLog) = ("internal", Text, $"{Text}\n{Name}", Text);
        finished.Tags.Add(new RunTag { TeamId = team.Id, Name = Name.ToLowerInvariant() });
        (Run, Failed) = (finished.Id.ToString(), failed.Id.ToString());
        db.Runs.AddRange(finished, failed);
        for (var iteration = 0; iteration < 2; iteration++)
        {
            db.Iterations.Add(new Iteration { RunId = finished.Id, Number = iteration, Opponent = iteration - 1, Beta = 0.1, LearningRate = 1e-5, StartedAt = DateTimeOffset.UtcNow, Dropped = $$"""{"<img src=x onerror=hit(11)>": 1}""" });
            foreach (var split in (string[])["train", "held_out"])
                db.Samples.Add(new Sample { RunId = finished.Id, Iteration = iteration, Split = split, PromptId = "00000000000000a1", System = Text, Prompt = Text, Real = Text + Long, Generated = $"{iteration} {Text}\0", FinishReason = "stop", Tokens = 3 });
            db.MetricPoints.Add(new MetricPoint { RunId = finished.Id, Iteration = iteration, Name = "loss", Step = iteration, GlobalStep = iteration, Value = 0.69, Seq = iteration + 1, At = DateTimeOffset.UtcNow });
            db.MetricPoints.Add(new MetricPoint { RunId = finished.Id, Iteration = iteration, Name = "<img src=x onerror=hit(12)>", Step = iteration, GlobalStep = iteration, Value = 1, Seq = iteration + 10, At = DateTimeOffset.UtcNow });
        }

        var folder = Path.Combine(studio.Data, finished.Folder);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "engine.log"), $"{Text}\u001b[31m\0\n{Long}\n");
        File.WriteAllText(Path.Combine(folder, "journal.jsonl"), "");
        File.WriteAllText(Path.Combine(folder, "<img src=x onerror=hit(13)>"), Text);
    }

    private static Run NewRun(Team team, RunStatus status)
    {
        var id = Guid.CreateVersion7();
        return new Run
        {
            Id = id, TeamId = team.Id, Name = Name, Kind = "spin", Status = status, Config = new JsonObject { ["name"] = Name, ["model"] = Text, ["dataset"] = Text, ["iterations"] = 2 }.ToJsonString(), Iterations = 2,
            Folder = $"runs/{id:N}", ClientRequestId = id.ToString(), CreatedAt = DateTimeOffset.UtcNow, QueuedAt = DateTimeOffset.UtcNow, StartedAt = DateTimeOffset.UtcNow, EndedAt = DateTimeOffset.UtcNow, Notes = Text, GroupName = Name,
            Device = Name, Overall = 1,
        };
    }

    private void AddArena(StudioDb db, Team team)
    {
        var now = DateTimeOffset.UtcNow;
        var arena = new Arena { TeamId = team.Id, Name = Name, Split = "held_out", CreatedBy = Name, CreatedAt = now };
        db.AddRange(arena, new ArenaPrompt { ArenaId = arena.Id, Number = 0, PromptId = "00000000000000a1", System = Text, Text = Text });
        for (var number = 0; number < 2; number++)
        {
            db.Add(new ArenaContestant { ArenaId = arena.Id, Number = number, Source = $"{Run}:{number}", Name = Name + number });
            db.Add(new ArenaAnswer { ArenaId = arena.Id, Prompt = 0, Contestant = number, Text = $"{number} {Text}", SameAs = number });
        }

        db.Add(new ArenaBallot { ArenaId = arena.Id, UserName = Name, Prompt = 0, One = 0, Two = 1, DrawnAt = now, ExpiresAt = now, Outcome = BallotOutcome.One, VotedAt = now, Comment = Text });
        Arena = arena.Id.ToString();
    }

    private void AddJudging(StudioDb db, Team team)
    {
        var now = DateTimeOffset.UtcNow;
        var server = new TeamServer { TeamId = team.Id, Name = Name, Address = "https://evil.example/" + Name, Model = Name, CreatedBy = Name, CreatedAt = now };
        string[] sources = [$"{Run}:0", $"{Run}:1"];
        var judging = new Judging
        {
            TeamId = team.Id, Name = Name, State = JudgingState.Failed, Error = Text, ServerId = server.Id, ServerName = Name, ServerModel = Name, Template = Text, Split = "held_out", CreatedBy = Name, CreatedAt = now, EndedAt = now,
            Contestants = new JsonArray([.. sources.Select((source, i) => (JsonNode)new JsonObject { ["Source"] = source, ["Name"] = Name + i })]).ToJsonString(), Prompts = 1, Requests = 2, MaxTokens = 8, Parallel = 1,
        };
        db.AddRange(server, judging);
        foreach (var swapped in (bool[])[false, true])
            db.Add(new Verdict { JudgingId = judging.Id, PromptId = "00000000000000a1", First = sources[0], Second = sources[1], Swapped = swapped, Asked = Text, Answer = Text + Long, Outcome = VerdictOutcome.Unreadable, Error = Text, At = now });
        Judging = judging.Id.ToString();
    }

    private void AddTalk(StudioDb db, Team team, AppUser user)
    {
        var (run, now) = (Guid.Parse(Run), DateTimeOffset.UtcNow);
        var comment = new Comment { TeamId = team.Id, RunId = run, AuthorName = Name, Body = Text + Long, Anchor = "iteration:0", CreatedAt = now };
        var told = new TeamEvent { TeamId = team.Id, Kind = "run.failed", Key = "hostile", SubjectId = run, Text = Text, Path = $"/runs/{run}", At = now };
        var hook = new Webhook { TeamId = team.Id, Address = "https://evil.example/?<img src=x onerror=hit(14)>", Kinds = "run.failed", Secret = "x", CreatedBy = Name, CreatedAt = now, DisabledAt = now };
        db.AddRange(
            comment, new Mention { CommentId = comment.Id, UserId = user.Id }, told, new Notification { UserId = user.Id, EventId = told.Id }, hook,
            new WebhookDelivery { WebhookId = hook.Id, Kind = "run.failed", Body = "{}", State = DeliveryState.Failed, CreatedAt = now, NextAt = now, AttemptedAt = now, Status = 500, Answer = Text[..200] },
            new ShareLink { TeamId = team.Id, RunId = run, TokenHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token))), CreatedById = user.Id, CreatedAt = now, ExpiresAt = now.AddDays(1), WithAnswers = true, WithNames = true },
            new AuditEntry { TeamId = team.Id, UserName = Name, Action = "run.<img src=x onerror=hit(15)>", Subject = Run, Detail = Text, At = now },
            new Fetch { TeamId = team.Id, UserId = user.Id, Address = "https://evil.example/" + Name, Name = Name, State = FetchState.Failed, Error = Text, CreatedAt = now, EndedAt = now },
            new TeamPreset { TeamId = team.Id, Name = Name, Config = new JsonObject { ["name"] = Name, ["model"] = "-", ["dataset"] = "-" }.ToJsonString(), ChangedAt = now },
            new ApiToken { TeamId = team.Id, UserId = user.Id, Name = Name, Start = "spin_x", TokenHash = new string('b', 64), CreatedAt = now, ExpiresAt = now.AddDays(1) });
    }
}
