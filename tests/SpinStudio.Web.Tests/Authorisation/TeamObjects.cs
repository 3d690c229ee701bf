using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using SpinStudio.Data;

namespace SpinStudio.Web.Tests.Authorisation;

/// <summary>One of everything that the first team can have, each with <see cref="Mark"/> in its name, to be put into the placeholders of routes.</summary>
internal sealed class TeamObjects
{
    /// <summary>Whoever reads this and is not of the first team has seen too much.</summary>
    public const string Mark = "zebrafish";

    /// <summary>By the start of the route; the longest that fits counts.</summary>
    private readonly Dictionary<string, string> ids = [];

    /// <param name="author">Of the comment: only they may change it.</param>
    public static async Task<TeamObjects> AddAsync(StudioHost host, Browser admin, string author)
    {
        var made = new TeamObjects();
        var (model, dataset) = await host.InputsAsync();
        var run = await StartAsync(admin, model, dataset);
        var member = await admin.PostAsync("/api/v1/members", new { name = Mark, password = StudioHost.Password, role = "viewer" });
        await using var db = host.Db();
        var team = db.Teams.OrderBy(row => row.CreatedAt).First().Id;
        (db.Datasets.Single(row => row.Id == dataset).Name, db.Models.Single(row => row.Id == model).Name) = ($"{Mark} rows", $"{Mark} model");
        var user = db.Users.Single(row => row.UserName == StudioHost.AdminName).Id;
        var now = DateTimeOffset.UtcNow;
        var comment = new Comment { TeamId = team, RunId = run, AuthorId = db.Users.Single(row => row.UserName == author).Id, AuthorName = author, Body = Mark, CreatedAt = now };
        var link = new ShareLink { TeamId = team, RunId = run, TokenHash = new string('a', 64), CreatedById = user, CreatedAt = now, ExpiresAt = now.AddDays(1) };
        var fetch = new Fetch { TeamId = team, UserId = user, Address = $"https://{Mark}.example/x", Name = Mark, State = FetchState.Failed, CreatedAt = now, EndedAt = now };
        var preset = new TeamPreset { TeamId = team, Name = Mark, Config = """{ "name": "", "model": "", "dataset": "" }""", ChangedAt = now };
        var upload = new Upload { TeamId = team, UserId = user, FileName = $"{Mark}.jsonl", Length = 3, CreatedAt = now };
        var hook = new Webhook { TeamId = team, Address = $"https://{Mark}.example/", Kinds = "run.completed", Secret = "x", CreatedBy = Mark, CreatedAt = now, DisabledAt = now };
        var token = new ApiToken { TeamId = team, UserId = user, Name = Mark, Start = "spin_x", TokenHash = new string('b', 64), CreatedAt = now, ExpiresAt = now.AddDays(1) };
        var invitation = new Invitation { TeamId = team, TokenHash = new string('c', 64), CreatedBy = Mark, CreatedAt = now, ExpiresAt = now.AddDays(1) };
        var arena = new Arena { TeamId = team, Name = Mark, Split = "held_out", CreatedBy = StudioHost.AdminName, CreatedAt = now };
        var ballot = new ArenaBallot { ArenaId = arena.Id, UserId = comment.AuthorId, UserName = author, Prompt = 0, One = 0, Two = 1, DrawnAt = now, ExpiresAt = now.AddHours(1) };
        var server = new TeamServer { TeamId = team, Name = Mark, Address = "http://127.0.0.1:9/v1", Model = Mark, CreatedBy = Mark, CreatedAt = now };
        var judging = new Judging { TeamId = team, Name = Mark, ServerName = Mark, ServerModel = Mark, Template = "x", Contestants = "[]", Split = "held_out", CreatedBy = Mark, CreatedAt = now, State = JudgingState.Cancelled };
        db.AddRange(server, judging);
        db.AddRange(comment, link, fetch, preset, upload, hook, token, invitation, arena, ballot, new ArenaPrompt { ArenaId = arena.Id, Number = 0, PromptId = "00000000000000a1", Text = Mark });
        for (var number = 0; number < 2; number++)
        {
            db.Add(new ArenaContestant { ArenaId = arena.Id, Number = number, Source = $"{run}:{number - 1}", Name = $"{Mark} {number}" });
            db.Add(new ArenaAnswer { ArenaId = arena.Id, Prompt = 0, Contestant = number, Text = $"{Mark} {number}", SameAs = number });
        }

        await db.SaveChangesAsync();
        await File.WriteAllTextAsync(Path.Combine(host.Data, "uploads", upload.Id.ToString("N")), "");

        made.Add((await host.AddRunAsync($"{Mark} other")).Id, "{other}");
        made.Add(run, "/api/v1/runs/", "/api/v1/queue/", "/runs/", "{run}", "hub RunHub");
        made.Add(dataset, "/api/v1/datasets/", "/datasets/");
        made.Add(model, "/api/v1/models/", "/models/");
        made.Add(comment.Id, "/api/v1/comments/");
        made.Add(link.Id, "/api/v1/links/");
        made.Add(fetch.Id, "/api/v1/fetches/", "/fetches/");
        made.Add(preset.Id, "/api/v1/presets/");
        made.Add(upload.Id, "/api/v1/uploads/");
        made.Add(hook.Id, "/api/v1/webhooks/");
        made.Add(token.Id, "/api/v1/tokens/");
        made.Add(server.Id, "/api/v1/servers/");
        made.Add(judging.Id, "/api/v1/judgings/", "/judge/");
        made.Add(invitation.Id, "/api/v1/invitations/");
        made.Add(team, "/api/v1/teams/");
        made.Add(arena.Id, "/api/v1/arenas/", "/arena/");
        made.Add(ballot.Id, "{ballot}");
        made.Add((await member.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("user_id").GetGuid(), "/api/v1/members/");
        return made;
    }

    public Guid Run => Guid.Parse(ids["{run}"]);

    /// <summary>The route with values in its placeholders: of the team's objects, or ids of nothing.</summary>
    public string Fill(string pattern, bool real = true) => Regex.Replace(pattern, @"\{([^}:=?]*)[^}]*\}", found => found.Groups[1].Value.TrimStart('*').ToLowerInvariant() switch
    {
        "run" or "other" or "ballot" => real ? ids[$"{{{found.Groups[1].Value}}}"] : Guid.NewGuid().ToString(),
        "id" => real ? Id(pattern) : Guid.NewGuid().ToString(),
        "iteration" or "row" or "number" => "1",
        "split" => "held_out",
        "tab" => pattern.Split('/')[1] switch { "datasets" => "versions", "arena" => "raters", _ => "charts" },
        "name" => "journal.jsonl",
        "key" => "charts",
        "path" => "nothing.css",
        "promptid" or "clientrequestid" or "token" or "doc" or "documentname" => "nothing",
        var unknown => throw new InvalidOperationException($"{pattern}: say in TeamObjects.Fill what belongs into {{{unknown}}}."),
    });

    private static async Task<Guid> StartAsync(Browser admin, Guid model, Guid dataset)
    {
        // The stand-in engine takes the name as its scenario, so the mark comes afterwards.
        var answer = await admin.PostAsync("/api/v1/runs", RunRequests.Named("quick", model, dataset));
        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        await admin.WaitForStatusAsync(id, "completed");
        (await admin.SendAsync(HttpMethod.Put, $"/api/v1/runs/{id}/name", JsonContent.Create(new { name = $"{Mark} run" }))).EnsureSuccessStatusCode();
        return id;
    }

    private void Add(Guid id, params string[] starts)
    {
        foreach (var start in starts)
            ids.Add(start, id.ToString());
    }

    private string Id(string pattern) => ids.Where(entry => pattern.StartsWith(entry.Key, StringComparison.Ordinal)).OrderByDescending(entry => entry.Key.Length).Select(entry => entry.Value).FirstOrDefault()
        ?? throw new InvalidOperationException($"{pattern}: add an object that its id can be of to TeamObjects.AddAsync.");
}
