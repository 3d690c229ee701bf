using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Features.Answers;

/// <summary>Orders in which prompts are worth looking at. The last model among the sources is the one that is judged, the model before it what it is held against.</summary>
public static class PromptOrder
{
    public const string Dataset = "", Worst = "worst", Best = "best", Changed = "changed", Confused = "confused", Regressed = "regressed";

    /// <summary>Every order with its name for people.</summary>
    public static IReadOnlyList<(string Slug, string Name)> All { get; } =
        [(Dataset, "as in the dataset"), (Worst, "worst first"), (Best, "best first"), (Changed, "most changed"), (Confused, "confused"), (Regressed, "regressed")];

    /// <summary>What an order means, in one sentence.</summary>
    public static string Meaning(string order) => order switch
    {
        Worst or Best => "By the exact check of the last model's answer, then by how near it is to the human wording.",
        Changed => "Where the last two models' answers share the fewest words.",
        Confused => "Where the last model can hardly tell the human answer from its opponent's: the margin is nearest to 0.",
        Regressed => "Only prompts that the last model does worse than the one before it: a check that no longer passes, or a margin that fell below 0.",
        _ => "As they stand in the dataset.",
    };

    /// <summary>The prompts in that order; those that the order says nothing about are left out.</summary>
    /// <param name="judged">Place of the judged model's answer among those of a prompt.</param>
    /// <param name="before">Place of the answer that it is held against; null: there is none.</param>
    /// <exception cref="StudioException">There is no such order.</exception>
    public static IEnumerable<SharedPrompt> Apply(IEnumerable<SharedPrompt> prompts, string? order, int judged, int? before) => order switch
    {
        null or Dataset => prompts,
        Worst => prompts.OrderBy(prompt => Quality(prompt.Answers[judged])),
        Best => prompts.OrderByDescending(prompt => Quality(prompt.Answers[judged])),
        Changed when before is { } b => prompts.OrderBy(prompt => Likeness.Between(prompt.Answers[b].Text, prompt.Answers[judged].Text)),
        Confused => prompts.Where(prompt => prompt.Answers[judged].Margin is not null).OrderBy(prompt => Math.Abs(prompt.Answers[judged].Margin!.Value)),
        Regressed when before is { } b => prompts.Select(prompt => (Prompt: prompt, Fall: Fall(prompt.Answers[b], prompt.Answers[judged]))).Where(pair => pair.Fall > 0).OrderByDescending(pair => pair.Fall).Select(pair => pair.Prompt),
        Changed or Regressed => [],
        _ => throw new StudioException(Refusal.Invalid, $"'order' is {string.Join(", ", All.Skip(1).Select(known => known.Slug))} or empty (got '{order}')."),
    };

    /// <summary>A failed check is worse than none, that worse than a passed one; among equals the likeness to the human answer decides.</summary>
    private static double Quality(SourcedAnswer answer) => (answer.Exact switch { true => 2.0, false => 0.0, null => 1.0 }) + (answer.ToHuman ?? 0);

    /// <summary>How much worse the later one is; 0 when it is not. A check that no longer passes weighs more than any margin.</summary>
    private static double Fall(SourcedAnswer before, SourcedAnswer after)
    {
        var check = before.Exact == true && after.Exact == false ? 1000.0 : 0;
        var margin = before.Margin > 0 && after.Margin <= 0 ? Math.Min(999, before.Margin.Value - after.Margin.Value) : 0;
        return check + margin;
    }
}
