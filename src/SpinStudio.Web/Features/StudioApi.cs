using Microsoft.AspNetCore.Antiforgery;
using SpinStudio.Web.Features.Account;
using SpinStudio.Web.Features.Activity;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Arenas;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Comparison;
using SpinStudio.Web.Features.Datasets;
using SpinStudio.Web.Features.Discussion;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Fetches;
using SpinStudio.Web.Features.History;
using SpinStudio.Web.Features.Judging;
using SpinStudio.Web.Features.Keeping;
using SpinStudio.Web.Features.Insights;
using SpinStudio.Web.Features.Models;
using SpinStudio.Web.Features.Notifications;
using SpinStudio.Web.Features.Playground;
using SpinStudio.Web.Features.Reports;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Features.Runs.Queue;
using SpinStudio.Web.Features.Search;
using SpinStudio.Web.Features.Servers;
using SpinStudio.Web.Features.Settings;
using SpinStudio.Web.Features.Sharing;
using SpinStudio.Web.Features.Status;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Features.Tokens;
using SpinStudio.Web.Features.Uploads;
using SpinStudio.Web.Features.Webhooks;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features;

/// <summary>Everything under /api/v1.</summary>
internal static class StudioApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").RequireAuthorization().WithRefusals()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
        DatasetEndpoints.Map(api);
        UploadEndpoints.Map(api);
        ModelEndpoints.Map(api);
        FetchEndpoints.Map(api);
        RunEndpoints.Map(api);
        AnswerEndpoints.Map(api);
        InsightEndpoints.Map(api);
        QueueEndpoints.Map(api);
        HistoryEndpoints.Map(api);
        KeepingEndpoints.Map(api);
        ComparisonEndpoints.Map(api);
        ReportEndpoints.Map(api);
        SharingEndpoints.Map(api);
        CommentEndpoints.Map(api);
        ActivityEndpoints.Map(api);
        ArenaEndpoints.Map(api);
        NotificationEndpoints.Map(api);
        WebhookEndpoints.Map(api);
        MemberEndpoints.Map(api);
        TeamEndpoints.Map(api);
        InvitationEndpoints.Map(api);
        QuotaEndpoints.Map(api);
        AuditEndpoints.Map(api);
        TokenEndpoints.Map(api);
        PlaygroundEndpoints.Map(api);
        ServerEndpoints.Map(api);
        JudgingEndpoints.Map(api);
        UserSettingEndpoints.Map(api);

        api.MapGet("/status", (SystemStatus status, CancellationToken cancellation) => status.GaugesAsync(cancellation)).WithTags("Studio").WithSummary("How busy the machine is.");
        api.MapGet("/search", (string? q, SearchService search, CancellationToken cancellation) => search.FindAsync(q, cancellation)).WithTags("Studio").WithSummary("Runs, datasets and models by name.");
        api.MapGet("/me", (CurrentUser user, CancellationToken cancellation) => user.RequireAsync(cancellation: cancellation)).WithTags("Studio").WithSummary("Who is logged in.");
        api.MapGet("/antiforgery", (IAntiforgery antiforgery, HttpContext context) => new AntiforgeryToken(antiforgery.GetAndStoreTokens(context).RequestToken!))
            .WithTags("Studio").WithSummary("The value for the header X-CSRF-TOKEN of requests that change something.");
    }

    internal sealed record AntiforgeryToken(string Token);
}
