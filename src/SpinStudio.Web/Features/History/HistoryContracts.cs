using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Features.History;

/// <summary>A run as a row of the history.</summary>
/// <param name="Group">What it is grouped by, as <see cref="RunGroup.Key"/>; null without grouping.</param>
/// <param name="Notes">Whether somebody wrote notes.</param>
public sealed record HistoryRow(
    RunSummary Run, RunFigures Figures, IReadOnlyList<string> Tags, bool Notes, Guid? PersonId, bool Pinned, bool Archived, DateTimeOffset? TrashedAt, string? TrashedBy,
    DateTimeOffset? PurgedAt, string? Group);

/// <summary>What a run came to, in figures. Null: not known yet, or never measured.</summary>
/// <param name="Seconds">From its first start to its newest event.</param>
/// <param name="LossCurve">The loss thinned to a few dozen values; null is a gap.</param>
/// <param name="Exact">Share of held-out answers of the newest model that pass their exact check.</param>
/// <param name="ExactChange">The newest model's rate minus the starting model's over the same prompts, with its 95 % interval.</param>
/// <param name="Nll">Held-out negative log-likelihood of the newest model, in nats a token.</param>
public sealed record RunFigures(
    double? Seconds, long? Steps, double? LossLast, double? LossMin, double? LossMax, IReadOnlyList<double?> LossCurve, double? ExactStart, double? Exact, double? ExactBest,
    double? ExactChange, double? ExactChangeLow, double? ExactChangeHigh, int? ExactCount, double? Nll, double? NllBest);

/// <summary>Runs that have something in common.</summary>
/// <param name="Key">Id, status or tag; empty for those that have none.</param>
/// <param name="BestExact">The best held-out exact rate of its runs.</param>
public sealed record RunGroup(string Key, string Label, int Count, double? BestExact);

/// <param name="Total">Runs that match; a run with two tags is in two groups but counts once.</param>
/// <param name="Rows">Rows of all pages: more than <paramref name="Total"/> when grouped by tag.</param>
public sealed record HistoryPageOfRuns(IReadOnlyList<HistoryRow> Items, IReadOnlyList<RunGroup> Groups, int Total, int Rows);

/// <summary>What can be filtered by, with how many runs there are of each.</summary>
public sealed record HistoryChoices(
    IReadOnlyList<RunGroup> Datasets, IReadOnlyList<RunGroup> Models, IReadOnlyList<RunGroup> People, IReadOnlyList<RunGroup> Tags, int Active, int Archived, int Trash);
