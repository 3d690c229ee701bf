namespace SpinStudio.Engine.Runs;

/// <summary>
/// One line of <c>pairs.jsonl</c> or <c>held-out-samples.jsonl</c>: a prompt, the human answer and a model's answer.
/// Token ids are kept because re-tokenising decoded text may change them; the texts are for people.
/// </summary>
/// <param name="Index">Position of the example in its split.</param>
/// <param name="Sample">Which of several answers to the same prompt, from 0.</param>
/// <param name="GeneratedIds">Ids of the answer, with the EOS if it ended in one.</param>
/// <param name="FinishReason">stop (EOS) or length (cut at the limit).</param>
/// <param name="Exact">Result of the example's exact check, where it has one.</param>
/// <param name="CheckKind">Which check that is.</param>
public sealed record Pair(
    int Index,
    int Sample,
    string PromptId,
    string? System,
    string Prompt,
    string Real,
    string Generated,
    IReadOnlyList<int> GeneratedIds,
    string FinishReason,
    bool? Exact = null,
    string? CheckKind = null);
