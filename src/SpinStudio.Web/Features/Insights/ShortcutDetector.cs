using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Features.Insights;

/// <summary>One outward sign of an answer, and how well it alone tells human from generated ones.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Auc">Probability that a random human answer has more of it than a random generated one: 0.5 tells nothing, 0 and 1 tell all.</param>
public sealed record Shortcut(string Name, Estimate Auc)
{
    /// <summary>The same whichever way it points: 0.5 tells nothing, 1 tells all.</summary>
    public double Separation => Math.Max(Auc.Mean, 1 - Auc.Mean);

    public bool HumanHasMore => Auc.Mean >= 0.5;
}

public enum ShortcutVerdict
{
    TooFew,
    Clear,
    Noticeable,
    Formatting,
}

/// <summary>Whether the answers of an iteration's pairs can be told apart by form alone.</summary>
/// <param name="Pairs">Pairs looked at.</param>
/// <param name="Together">All signs in a logistic regression, cross-validated.</param>
/// <param name="Signs">Strongest first.</param>
/// <param name="NearCopies">Share of generated answers with nearly the human wording.</param>
/// <param name="Identical">Generated answers that are the human ones letter by letter.</param>
public sealed record ShortcutReport(int Pairs, Estimate Together, IReadOnlyList<Shortcut> Signs, Estimate NearCopies, int Identical)
{
    /// <summary>Fewest pairs for which anything is said.</summary>
    public const int Fewest = 20;

    /// <summary>With the whole interval of the joint AUC above this, form alone is enough: the loss would mostly fall by learning it.</summary>
    public const double FormattingLevel = 0.75;

    public const double NoticeableLevel = 0.6;

    public ShortcutVerdict Verdict => Pairs < Fewest ? ShortcutVerdict.TooFew
        : Together.Low > FormattingLevel ? ShortcutVerdict.Formatting
        : Together.Low > NoticeableLevel ? ShortcutVerdict.Noticeable
        : ShortcutVerdict.Clear;
}

/// <summary>
/// Looks for shortcuts: signs of form (length, how an answer ends, markdown, its first words) by which a discriminator could tell human from generated answers without
/// reading what they say. Each sign alone, and all together in a logistic regression whose scores come from five-fold cross-validation by prompt.
/// </summary>
public static class ShortcutDetector
{
    private const int Folds = 5;

    private static readonly (string Name, Func<string, string, double> Of)[] Measures =
    [
        ("Length in characters", (text, _) => Math.Log(1 + text.Length)),
        ("Words", (text, _) => Math.Log(1 + Words(text))),
        ("Lines", (text, _) => Math.Log(1 + text.AsSpan().Count('\n'))),
        ("Ends by itself (EOS)", (_, finish) => finish == "length" ? 0 : 1),
        ("Ends in a full stop, ! or ?", (text, _) => text.AsSpan().TrimEnd() is [.., '.' or '!' or '?'] ? 1 : 0),
        ("Markdown marks", (text, _) => Math.Log(1 + text.Count(letter => letter is '*' or '#' or '`' or '|' or '_' or '>'))),
        ("Starts with a capital", (text, _) => text.Length > 0 && char.IsUpper(text[0]) ? 1 : 0),
        ("Space at its ends", (text, _) => text.Length > 0 && (char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1])) ? 1 : 0),
    ];

    private const string FirstWordsName = "First two words";

    public static ShortcutReport Analyse(IEnumerable<Pair> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var seen = new List<Forms>();
        var (near, identical) = (0, 0);
        foreach (var pair in pairs)
        {
            seen.Add(new Forms(Fold(pair.PromptId), Measured(pair.Real, "stop"), Measured(pair.Generated, pair.FinishReason), FirstWords(pair.Real), FirstWords(pair.Generated)));
            near += Likeness.Between(pair.Real, pair.Generated) >= Likeness.NearCopy ? 1 : 0;
            identical += pair.Real == pair.Generated ? 1 : 0;
        }

        if (seen.Count < ShortcutReport.Fewest)
        {
            return new ShortcutReport(seen.Count, new Estimate(0.5, 0, 1, seen.Count), [], Intervals.Rate(near, seen.Count), identical);
        }

        var firstWords = seen.Select(_ => (Human: 0.0, Generated: 0.0)).ToArray();
        var together = new (double Human, double Generated)[seen.Count];
        for (var fold = 0; fold < Folds; fold++)
        {
            Validate(seen, fold, firstWords, together);
        }

        var signs = Measures.Select((measure, k) => new Shortcut(measure.Name, Auc.Of([.. seen.Select(pair => pair.Human[k])], [.. seen.Select(pair => pair.Generated[k])])))
            .Append(new Shortcut(FirstWordsName, Of(firstWords)));
        return new ShortcutReport(seen.Count, Of(together), [.. signs.OrderByDescending(sign => sign.Separation)], Intervals.Rate(near, seen.Count), identical);
    }

    /// <summary>Scores the pairs of a fold by what the others teach.</summary>
    private static void Validate(List<Forms> seen, int fold, (double Human, double Generated)[] firstWords, (double Human, double Generated)[] together)
    {
        var others = seen.Where(pair => pair.Fold != fold).ToList();
        var counts = FirstWordCounts(others);
        var rows = others.SelectMany(pair => (double[][])[[.. pair.Human, Odds(counts, pair.HumanStart, ownHuman: 1)], [.. pair.Generated, Odds(counts, pair.GeneratedStart, ownGenerated: 1)]]).ToList();
        var model = rows.Count == 0 ? null : LogisticRegression.Fit(rows, [.. rows.Select((_, i) => i % 2 == 0)]);
        for (var i = 0; i < seen.Count; i++)
        {
            if (seen[i].Fold == fold && model is not null)
            {
                firstWords[i] = (Odds(counts, seen[i].HumanStart), Odds(counts, seen[i].GeneratedStart));
                together[i] = (model.Score([.. seen[i].Human, firstWords[i].Human]), model.Score([.. seen[i].Generated, firstWords[i].Generated]));
            }
        }
    }

    private static Dictionary<string, (int Human, int Generated)> FirstWordCounts(List<Forms> pairs)
    {
        var counts = new Dictionary<string, (int Human, int Generated)>();
        foreach (var pair in pairs)
        {
            var human = counts.GetValueOrDefault(pair.HumanStart);
            counts[pair.HumanStart] = (human.Human + 1, human.Generated);
            var generated = counts.GetValueOrDefault(pair.GeneratedStart);
            counts[pair.GeneratedStart] = (generated.Human, generated.Generated + 1);
        }

        return counts;
    }

    /// <summary>Log-odds of human for these first words, one added to each count; an answer does not count for itself.</summary>
    private static double Odds(Dictionary<string, (int Human, int Generated)> counts, string start, int ownHuman = 0, int ownGenerated = 0)
    {
        var (human, generated) = counts.GetValueOrDefault(start);
        return Math.Log((human - ownHuman + 1.0) / (generated - ownGenerated + 1.0));
    }

    private static double[] Measured(string text, string finish) => [.. Measures.Select(measure => measure.Of(text, finish))];

    private static Estimate Of((double Human, double Generated)[] scores) => Auc.Of([.. scores.Select(score => score.Human)], [.. scores.Select(score => score.Generated)]);

    private static string FirstWords(string text) => string.Join(' ', text.Split((char[]?)null, 3, StringSplitOptions.RemoveEmptyEntries).Take(2)).ToLowerInvariant();

    private static int Words(string text)
    {
        var count = 0;
        foreach (var range in text.AsSpan().SplitAny(' ', '\n', '\t'))
        {
            count += range.End.Value > range.Start.Value ? 1 : 0;
        }

        return count;
    }

    /// <summary>All answers to a prompt are in one fold, the same in every run: prompt ids are digests already.</summary>
    private static int Fold(string promptId) => promptId.Aggregate(0, (sum, letter) => ((sum * 31) + letter) & 0xFFFFFF) % Folds;

    private sealed record Forms(int Fold, double[] Human, double[] Generated, string HumanStart, string GeneratedStart);
}
