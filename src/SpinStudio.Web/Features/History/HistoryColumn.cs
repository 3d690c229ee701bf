namespace SpinStudio.Web.Features.History;

/// <summary>A column of the list of runs.</summary>
/// <param name="Key">As it is kept in a person's settings.</param>
/// <param name="Sort">What its head sorts by; null when it cannot be sorted.</param>
/// <param name="Usual">Shown until a person chooses otherwise.</param>
internal sealed record HistoryColumn(string Key, string Title, RunSort? Sort, bool Number, bool Usual)
{
    /// <summary>All of them in their order; the run's name comes before and is always there.</summary>
    public static readonly IReadOnlyList<HistoryColumn> All =
    [
        new("status", "Status", RunSort.Status, false, true),
        new("curve", "Loss", null, false, true),
        new("loss", "Loss, last", RunSort.Loss, true, true),
        new("loss_min", "Loss, min", RunSort.LossMin, true, false),
        new("loss_max", "Loss, max", RunSort.LossMax, true, false),
        new("exact", "Exact, last", RunSort.Exact, true, false),
        new("exact_best", "Exact, best", RunSort.ExactBest, true, false),
        new("exact_change", "Exact, change", RunSort.ExactChange, true, true),
        new("nll", "NLL, last", RunSort.Nll, true, false),
        new("nll_best", "NLL, best", RunSort.NllBest, true, false),
        new("progress", "Iterations", RunSort.Progress, true, true),
        new("steps", "Steps", RunSort.Steps, true, false),
        new("duration", "Duration", RunSort.Duration, true, true),
        new("person", "Who", RunSort.Person, false, true),
        new("tags", "Tags", null, false, true),
        new("kind", "Kind", RunSort.Kind, false, false),
        new("dataset", "Dataset", RunSort.Dataset, false, false),
        new("model", "Model", RunSort.Model, false, false),
        new("created", "Created", RunSort.Created, false, true),
        new("ended", "Ended", RunSort.Ended, false, false),
    ];

    public static readonly IReadOnlyList<string> UsualKeys = [.. All.Where(column => column.Usual).Select(column => column.Key)];
}

/// <summary>What a person chose on the page, kept under the key <c>history</c>.</summary>
public sealed record HistorySettings
{
    public const string Key = "history";
    public const int MostViews = 50;
    public const int LongestName = 60;

    /// <summary>Columns that are shown; null: the usual ones.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    public IReadOnlyList<HistoryView> Views { get; init; } = [];
}

/// <summary>A question to the list that somebody gave a name.</summary>
/// <param name="Address">Parameters of the page's address, such as <c>?status=failed&amp;sort=-created</c>.</param>
public sealed record HistoryView(string Name, string Address);
