using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Features.Runs;

/// <summary>Database rows as pages see them.</summary>
internal static class RunView
{
    /// <summary>Summaries of the given runs, in the query's order.</summary>
    public static async Task<List<RunSummary>> SummariesAsync(StudioDb db, IQueryable<Run> runs, CancellationToken cancellation)
    {
        var rows = await runs.Select(run => new
        {
            Run = run,
            DatasetId = (Guid?)run.DatasetVersion!.DatasetId,
            DatasetName = run.DatasetVersion.Dataset!.Name,
            ModelName = run.Model!.Name,
            CreatedBy = run.CreatedBy!.UserName,
            StoppedBy = run.StoppedBy!.UserName,
            PausedBy = db.Users.Where(user => user.Id == run.PausedById).Select(user => user.UserName).FirstOrDefault(),
            HeldBy = db.Users.Where(user => user.Id == run.HeldById).Select(user => user.UserName).FirstOrDefault(),
            // The queue is the machine's: runs of other teams count too. One that is held is passed by.
            Ahead = run.Status == RunStatus.Queued ? db.Runs.Count(other => other.Status == RunStatus.Queued && other.HeldAt == null && other.QueuedAt < run.QueuedAt) : 0,
        }).AsNoTracking().ToListAsync(cancellation);

        return [.. rows.Select(row => new RunSummary(
            row.Run.Id, row.Run.Name, row.Run.Kind, row.Run.Status, row.Run.Status == RunStatus.Queued && row.Run.HeldAt is null ? row.Ahead + 1 : null, row.Run.Iterations,
            row.Run.CurrentIteration, row.Run.Phase, row.Run.PhaseDone, row.Run.PhaseTotal, row.Run.PhaseUnit, row.Run.TokensPerSecond, row.Run.Overall, row.Run.EtaSeconds,
            row.DatasetId, row.DatasetName, row.Run.ModelId, row.ModelName, row.CreatedBy, row.StoppedBy,
            row.Run.CreatedAt, row.Run.StartedAt, row.Run.EndedAt, row.Run.LastSeq)
        {
            PausedAt = row.Run.Status is RunStatus.Paused or RunStatus.Stopping ? row.Run.PausedAt : null,
            PausedBy = row.Run.Status is RunStatus.Paused or RunStatus.Stopping ? row.PausedBy : null,
            HeldAt = row.Run.Status == RunStatus.Queued ? row.Run.HeldAt : null,
            HeldBy = row.Run.Status == RunStatus.Queued ? row.HeldBy : null,
            Discarding = row.Run.DiscardAskedAt is not null,
            ExpectedSeconds = row.Run.ExpectedSeconds,
            ParentRunId = row.Run.ParentRunId,
            ParentIteration = row.Run.ParentIteration,
            GroupName = row.Run.GroupName,
            LossAtStart = LossAtStart(row.Run),
            TrashedAt = row.Run.TrashedAt,
            PurgedAt = row.Run.PurgedAt,
        })];
    }

    public static async Task<RunSummary?> SummaryAsync(StudioDb db, Guid id, CancellationToken cancellation) =>
        (await SummariesAsync(db, db.Runs.Where(run => run.Id == id), cancellation)).SingleOrDefault();

    private static double? LossAtStart(Run run)
    {
        if (run.Kind == "sft")
        {
            return null;
        }

        using var config = JsonDocument.Parse(run.Config);
        return (config.RootElement.TryGetProperty("loss", out var loss) ? loss.Deserialize<SpinLossType>() : SpinLossType.Sigmoid).AtStart();
    }

    public static FailureCard? Failure(Run run) => run.Status == RunStatus.Failed
        ? new FailureCard(run.FailureCause ?? "internal", run.FailureMessage ?? "The run failed without saying why.", Lines(run.FailureFixes), Lines(run.FailureLog))
        : null;

    /// <param name="models">Ids of the run's models, by iteration.</param>
    /// <param name="phases">The run's phases.</param>
    public static IterationInfo Iteration(Iteration row, IReadOnlyDictionary<int, Guid> models, ILookup<int, PhaseTiming> phases) => new(
        row.Number, row.Opponent, row.Beta, row.LearningRate, row.StartedAt, row.FinishedAt, row.Seconds, row.Pairs,
        row.Dropped is null ? new Dictionary<string, int>() : JsonSerializer.Deserialize<Dictionary<string, int>>(row.Dropped, RunJson.Line)!,
        models.TryGetValue(row.Number, out var model) ? model : null, row.ModelSha256,
        phases[row.Number].Where(phase => phase is { FinishedAt: not null, Broken: false }).ToDictionary(phase => phase.Phase, phase => (phase.FinishedAt!.Value - phase.StartedAt).TotalSeconds));

    /// <summary>What <see cref="Iteration"/> needs of a run beside its iterations.</summary>
    public static async Task<ILookup<int, PhaseTiming>> PhasesAsync(StudioDb db, Guid runId, CancellationToken cancellation) =>
        (await db.PhaseTimings.AsNoTracking().Where(phase => phase.RunId == runId).ToListAsync(cancellation)).ToLookup(phase => phase.Iteration);

    /// <param name="name">The parent's, if it still exists.</param>
    public static RunParent? Parent(Run run, string? name) => run.ParentRunId is { } parent
        ? new RunParent(parent, name, run.ParentIteration, run.ParentChanges is null ? [] : JsonSerializer.Deserialize<List<SettingChange>>(run.ParentChanges, RunJson.Line)!)
        : null;

    public static RunConfig Config(Run run) => JsonSerializer.Deserialize<RunConfig>(run.Config, RunJson.Line)!;

    public static string Name(RunPhase phase) => phase.ToString().ToLower(CultureInfo.InvariantCulture);

    private static string[] Lines(string? text) => string.IsNullOrEmpty(text) ? [] : text.Split('\n');
}
