namespace SpinStudio.Web.Tests.Authorisation;

/// <summary>Who may ask for what. A new route or hub method gets its line here, under the least role that may use it.</summary>
internal static class AuthorisationTable
{
    /// <summary>Without an account: doors, health, what a share link opens, and files that every studio has alike.</summary>
    private const string Public = """
        * /healthz
        * /error
        * /not-found
        * /account/login
        * /account/setup
        POST /account/login
        POST /account/logout
        POST /account/setup
        POST /account/leave
        POST /account/password
        POST /account/team
        * /join/{token}
        POST /join/{token}
        * /reset/{token}
        POST /reset/{token}
        GET /s/{token}
        GET /{**path:file}
        HEAD /{**path:file}
        """;

    private const string Viewer = """
        * /_blazor
        * /_blazor/disconnect
        * /_blazor/initializers
        * /_blazor/negotiate
        * /hubs/runs
        * /hubs/runs/negotiate
        GET /api/openapi.json
        GET /api/v1/activity
        GET /api/v1/answers/prompts
        GET /api/v1/answers/prompts.csv
        GET /api/v1/answers/prompts/{promptId}
        GET /api/v1/answers/sources
        GET /api/v1/antiforgery
        GET /api/v1/arenas
        GET /api/v1/arenas/{id:guid}
        GET /api/v1/arenas/{id:guid}/agreement
        GET /api/v1/arenas/{id:guid}/preferences.jsonl
        GET /api/v1/arenas/{id:guid}/standings
        GET /api/v1/arenas/{id:guid}/votes.csv
        GET /api/v1/datasets
        GET /api/v1/datasets/{id:guid}
        GET /api/v1/datasets/{id:guid}/download
        GET /api/v1/datasets/{id:guid}/rows
        GET /api/v1/datasets/{id:guid}/rows/{row:int}/raw
        GET /api/v1/datasets/{id:guid}/search
        GET /api/v1/datasets/{id:guid}/statistics
        GET /api/v1/fetches
        GET /api/v1/fetches/{id:guid}
        GET /api/v1/history
        GET /api/v1/history/choices
        GET /api/v1/history/runs.csv
        GET /api/v1/me
        GET /api/v1/me/settings/{key}
        PUT /api/v1/me/settings/{key}
        DELETE /api/v1/me/settings/{key}
        PUT /api/v1/me/password
        POST /api/v1/invitations/join
        GET /api/v1/members
        GET /api/v1/mentions
        POST /api/v1/mentions/read
        GET /api/v1/models
        GET /api/v1/models/search
        GET /api/v1/models/{id:guid}
        GET /api/v1/models/{id:guid}/card
        GET /api/v1/models/{id:guid}/download
        POST /api/v1/models/{id:guid}/preview
        GET /api/v1/notifications
        GET /api/v1/notifications/choices
        PUT /api/v1/notifications/choices
        POST /api/v1/notifications/read
        GET /api/v1/notifications/unread
        GET /api/v1/presets
        GET /api/v1/queue
        GET /api/v1/runs
        GET /api/v1/runs/active
        GET /api/v1/runs/by-request/{clientRequestId}
        GET /api/v1/runs/compare
        GET /api/v1/runs/compare/runs.csv
        POST /api/v1/runs/plan
        GET /api/v1/runs/{id:guid}
        GET /api/v1/runs/{id:guid}/comments
        GET /api/v1/runs/{id:guid}/evaluations
        GET /api/v1/runs/{id:guid}/files
        GET /api/v1/runs/{id:guid}/files/{**name}
        GET /api/v1/runs/{id:guid}/insights
        GET /api/v1/runs/{id:guid}/iterations/{iteration:int}/shortcuts
        GET /api/v1/runs/{id:guid}/journal
        GET /api/v1/runs/{id:guid}/keeping
        GET /api/v1/runs/{id:guid}/log
        GET /api/v1/runs/{id:guid}/log/download
        GET /api/v1/runs/{id:guid}/metrics
        GET /api/v1/runs/{id:guid}/metrics.csv
        GET /api/v1/runs/{id:guid}/notes
        GET /api/v1/runs/{id:guid}/pairs
        GET /api/v1/runs/{id:guid}/report.html
        GET /api/v1/runs/{id:guid}/samples
        GET /api/v1/runs/{id:guid}/samples/{split}/{promptId}
        GET /api/v1/search
        GET /api/v1/sharing
        GET /api/v1/status
        GET /api/v1/team
        POST /api/v1/team/leave
        GET /api/v1/team/usage
        GET /api/v1/teams
        PUT /api/v1/teams/current
        GET /api/v1/tags
        GET /api/v1/tokens
        POST /api/v1/tokens
        DELETE /api/v1/tokens/{id:guid}
        GET /api/v1/uploads/limits
        * /
        * /activity
        * /arena
        * /arena/new
        * /arena/{Id:guid}
        * /arena/{Id:guid}/spot
        * /arena/{Id:guid}/vote
        * /arena/{Id:guid}/{Tab}
        * /compare
        * /datasets
        * /datasets/new
        * /datasets/{Id:guid}
        * /datasets/{Id:guid}/{Tab}
        * /fetches/{Id:guid}
        * /models
        * /models/new
        * /models/{Id:guid}
        * /notifications
        * /playground
        * /runs
        * /runs/compare
        * /runs/new
        * /runs/{Id:guid}
        * /runs/{Id:guid}/report
        * /runs/{Id:guid}/trajectory
        * /runs/{Id:guid}/{Tab}
        * /settings
        * /settings/webhooks
        * /team
        * /team/audit
        hub RunHub.Join
        hub RunHub.JoinAll
        hub RunHub.Leave
        hub RunHub.LeaveAll
        GET /api/v1/judgings
        GET /api/v1/judgings/template
        GET /api/v1/judgings/{id:guid}
        GET /api/v1/judgings/{id:guid}/pairs
        GET /api/v1/judgings/{id:guid}/results
        GET /api/v1/judgings/{id:guid}/verdicts.csv
        GET /api/v1/judgings/{id:guid}/verdicts.jsonl
        GET /api/v1/servers
        * /judge
        * /judge/new
        * /judge/{Id:guid}
        """;

    private const string Rater = """
        POST /api/v1/arenas/{id:guid}/ballots
        POST /api/v1/arenas/{id:guid}/ballots/{ballot:guid}/skip
        POST /api/v1/arenas/{id:guid}/ballots/{ballot:guid}/vote
        POST /api/v1/arenas/{id:guid}/undo
        DELETE /api/v1/comments/{id:guid}
        PUT /api/v1/comments/{id:guid}
        POST /api/v1/models/{id:guid}/chat/completions
        POST /api/v1/runs/{id:guid}/comments
        """;

    private const string Runner = """
        POST /api/v1/arenas
        POST /api/v1/arenas/{id:guid}/close
        POST /api/v1/arenas/{id:guid}/dataset
        POST /api/v1/arenas/{id:guid}/open
        DELETE /api/v1/arenas/{id:guid}
        POST /api/v1/datasets
        POST /api/v1/datasets/preview
        POST /api/v1/datasets/sample
        PATCH /api/v1/datasets/{id:guid}
        POST /api/v1/datasets/{id:guid}/derive
        DELETE /api/v1/datasets/{id:guid}/versions/{number:int}
        DELETE /api/v1/datasets/{id:guid}
        POST /api/v1/fetches
        GET /api/v1/fetches/hub
        POST /api/v1/fetches/{id:guid}/cancel
        POST /api/v1/fetches/{id:guid}/retry
        DELETE /api/v1/fetches/{id:guid}
        GET /api/v1/links
        DELETE /api/v1/links/{id:guid}
        POST /api/v1/models
        PATCH /api/v1/models/{id:guid}
        POST /api/v1/models/{id:guid}/promote
        DELETE /api/v1/models/{id:guid}
        POST /api/v1/presets
        DELETE /api/v1/presets/{id:guid}
        POST /api/v1/queue/open
        POST /api/v1/queue/pause
        POST /api/v1/queue/{id:guid}/hold
        POST /api/v1/queue/{id:guid}/move
        POST /api/v1/queue/{id:guid}/release
        POST /api/v1/runs
        POST /api/v1/runs/change
        POST /api/v1/runs/purge
        POST /api/v1/runs/purge/preview
        POST /api/v1/runs/sweep
        POST /api/v1/runs/{id:guid}/discard
        POST /api/v1/runs/{id:guid}/iterations/{iteration:int}/promote
        GET /api/v1/runs/{id:guid}/links
        POST /api/v1/runs/{id:guid}/links
        PUT /api/v1/runs/{id:guid}/name
        PUT /api/v1/runs/{id:guid}/notes
        POST /api/v1/runs/{id:guid}/pause
        POST /api/v1/runs/{id:guid}/resume
        POST /api/v1/runs/{id:guid}/stop
        DELETE /api/v1/runs/{id:guid}
        GET /api/v1/uploads
        POST /api/v1/uploads
        GET /api/v1/uploads/{id:guid}
        PUT /api/v1/uploads/{id:guid}
        DELETE /api/v1/uploads/{id:guid}
        POST /api/v1/judgings
        POST /api/v1/judgings/plan
        POST /api/v1/judgings/{id:guid}/cancel
        POST /api/v1/judgings/{id:guid}/resume
        DELETE /api/v1/judgings/{id:guid}
        POST /api/v1/servers/{id:guid}/test
        """;

    private const string Admin = """
        POST /api/v1/members
        PUT /api/v1/members/{id:guid}
        DELETE /api/v1/members/{id:guid}
        POST /api/v1/members/{id:guid}/reset
        PUT /api/v1/sharing
        GET /api/v1/invitations
        POST /api/v1/invitations
        DELETE /api/v1/invitations/{id:guid}
        PUT /api/v1/team
        GET /api/v1/team/audit
        GET /api/v1/team/audit/choices
        GET /api/v1/team/audit/csv
        POST /api/v1/teams
        GET /api/v1/teams/usage
        PUT /api/v1/teams/{id:guid}/quota
        GET /api/v1/webhooks
        POST /api/v1/webhooks
        PATCH /api/v1/webhooks/{id:guid}
        DELETE /api/v1/webhooks/{id:guid}
        GET /api/v1/webhooks/{id:guid}/deliveries
        POST /api/v1/webhooks/{id:guid}/test
        POST /api/v1/servers
        PUT /api/v1/servers/{id:guid}
        DELETE /api/v1/servers/{id:guid}
        """;

    /// <summary>What a route needs besides its placeholders, so that it is asked for something that could be.</summary>
    public static readonly IReadOnlyDictionary<string, string> Queries = new Dictionary<string, string>
    {
        ["GET /api/v1/answers/prompts"] = "?source={run}:-1&split=train",
        ["GET /api/v1/answers/prompts.csv"] = "?source={run}:-1&split=train",
        ["GET /api/v1/answers/prompts/{promptId}"] = "?source={run}:-1",
        ["GET /api/v1/fetches/hub"] = "?purpose=model&repository=tiny",
        ["GET /api/v1/runs/compare"] = "?ids={run},{other}",
        ["GET /api/v1/runs/compare/runs.csv"] = "?ids={run},{other}",
        ["GET /api/v1/runs/{id:guid}/pairs"] = "?iteration=0",
        ["POST /api/v1/runs/{id:guid}/discard"] = "?confirm=x",
        ["PUT /api/v1/uploads/{id:guid}"] = "?offset=0",
    };

    /// <summary>Role by <c>METHOD pattern</c>, <c>* pattern</c> (every method: pages) or <c>hub Hub.Method</c>.</summary>
    public static readonly IReadOnlyDictionary<string, Least> Roles = new[] { (Public, Least.Public), (Viewer, Least.Viewer), (Rater, Least.Rater), (Runner, Least.Runner), (Admin, Least.Admin) }
        .SelectMany(group => group.Item1.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => (Line: line, Role: group.Item2)))
        .ToDictionary(row => row.Line, row => row.Role);
}

/// <summary>The least that somebody must be.</summary>
internal enum Least
{
    Public = -1,
    Viewer = Data.TeamRole.Viewer,
    Rater = Data.TeamRole.Rater,
    Runner = Data.TeamRole.Runner,
    Admin = Data.TeamRole.Admin,
}
