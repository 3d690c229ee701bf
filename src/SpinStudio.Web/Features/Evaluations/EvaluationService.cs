using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Evaluations;

/// <summary>Held-out reports of a run, the starting model (iteration −1) first.</summary>
public sealed class EvaluationService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser)
{
    public async Task<IReadOnlyList<EvaluationReport>> ReportsAsync(Guid runId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!await db.Runs.AnyAsync(run => run.Id == runId && run.TeamId == me.TeamId, cancellation))
        {
            throw StudioException.NotFound("run");
        }

        var reports = await db.Evaluations.Where(evaluation => evaluation.RunId == runId).OrderBy(evaluation => evaluation.Iteration).Select(evaluation => evaluation.Report).ToListAsync(cancellation);
        return [.. reports.Select(report => JsonSerializer.Deserialize<EvaluationReport>(report, RunJson.Line)!)];
    }
}
