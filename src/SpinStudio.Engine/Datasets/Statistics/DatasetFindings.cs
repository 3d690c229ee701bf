using System.Globalization;

namespace SpinStudio.Engine.Datasets;

/// <param name="Warning">Worth mending before training; otherwise only worth knowing.</param>
/// <param name="Message">One sentence with its figures.</param>
public sealed record DatasetFinding(bool Warning, string Message);

/// <summary>The lengths at which a run cuts, in tokens; see the run's settings of the same names.</summary>
public sealed record LengthLimits(int MaxPromptLength, int MaxLength, int MaxNewTokens);

/// <summary>What statistics say, in words.</summary>
public static class DatasetFindings
{
    /// <summary>A share of rows from which a thing is a warning.</summary>
    private const double Much = 0.01;

    /// <summary>What the text alone tells.</summary>
    public static IReadOnlyList<DatasetFinding> Of(DatasetStatistics statistics) =>
    [
        .. When(statistics.HeldOutOverlap > 0, () => new(true,
            $"{Some(statistics.HeldOutOverlap, statistics.HeldOutRows, "held-out prompt")} also {Verb(statistics.HeldOutOverlap, "occurs", "occur")} among the training prompts: what is measured on them is memory.")),
        .. When(statistics.EmptyAnswers > 0, () => new(true, $"{Some(statistics.EmptyAnswers, statistics.Rows, "answer")} {Verb(statistics.EmptyAnswers, "is", "are")} empty.")),
        .. When(statistics.DuplicateRows > 0, () => new(Share(statistics.DuplicateRows, statistics.Rows) >= Much,
            $"{Some(statistics.DuplicateRows, statistics.Rows, "row")} {Verb(statistics.DuplicateRows, "repeats", "repeat")} an earlier row exactly.")),
        .. When(statistics.DuplicatePrompts > statistics.DuplicateRows, () => new(false,
            $"{Count(statistics.DuplicatePrompts - statistics.DuplicateRows)} more {Verb(statistics.DuplicatePrompts - statistics.DuplicateRows, "row asks", "rows ask")} an earlier prompt again, with another answer.")),
        .. When(statistics.NearDuplicateRows > 0, () => new(Share(statistics.NearDuplicateRows, statistics.NearDuplicatesAmong) >= 10 * Much,
            $"{Some(statistics.NearDuplicateRows, statistics.NearDuplicatesAmong, "distinct row")} {Verb(statistics.NearDuplicateRows, "is", "are")} nearly the same as an earlier one.")),
    ];

    /// <summary>What the tokens tell at given limits.</summary>
    public static IReadOnlyList<DatasetFinding> Of(TokenStatistics tokens, LengthLimits limits)
    {
        var (prompts, answers, unreachable) = (tokens.CutPrompts(limits.MaxPromptLength), tokens.CutAnswers(limits.MaxLength), tokens.Answer.Longer(limits.MaxNewTokens));
        return
        [
            .. When(tokens.Refused > 0, () => new(true, $"The chat template refuses {Some(tokens.Refused, tokens.Rows + tokens.Refused, "row")}; the first is {tokens.FirstRefusal}.")),
            .. When(answers > 0, () => new(Share(answers, tokens.Rows) >= Much,
                $"{Some(answers, tokens.Rows, "answer")} {Verb(answers, "is", "are")} cut, because prompt and answer together are longer than {Count(limits.MaxLength)} tokens.")),
            .. When(prompts > 0, () => new(Share(prompts, tokens.Rows) >= Much,
                $"{Some(prompts, tokens.Rows, "prompt")} {Verb(prompts, "is", "are")} longer than {Count(limits.MaxPromptLength)} tokens and {Verb(prompts, "loses its", "lose their")} beginning.")),
            .. When(unreachable > 0, () => new(Share(unreachable, tokens.Rows) >= Much,
                $"{Some(unreachable, tokens.Rows, "answer")} {Verb(unreachable, "is", "are")} longer than {Count(limits.MaxNewTokens)} tokens, the most that the opponent generates: length alone would tell {Verb(unreachable, "it", "them")} apart.")),
            .. When(tokens.Rows + tokens.Refused < tokens.OfRows, () => new(false, $"Token lengths are those of {Count(tokens.Rows)} rows, taken evenly from {Count(tokens.OfRows)}.")),
        ];
    }

    private static IEnumerable<DatasetFinding> When(bool condition, Func<DatasetFinding> finding) => condition ? [finding()] : [];

    private static double Share(int count, int all) => all == 0 ? 0 : (double)count / all;

    /// <summary><c>312 of 8,792 answers</c>.</summary>
    private static string Some(int count, int all, string what) => $"{Count(count)} of {Count(all)} {what}{(all == 1 ? "" : "s")}";

    private static string Verb(int count, string one, string many) => count == 1 ? one : many;

    private static string Count(int count) => count.ToString("#,0", CultureInfo.InvariantCulture);
}
