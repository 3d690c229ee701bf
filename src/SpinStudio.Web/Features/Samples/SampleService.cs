namespace SpinStudio.Web.Features.Samples;

/// <summary>An answer of one model.</summary>
/// <param name="Iteration">As recorded: for train the iteration in which it was the opponent's answer, for held_out the iteration whose finished model answered.</param>
/// <param name="ModelIteration">The model that wrote it: −1 the starting model, t the model that iteration t made.</param>
/// <param name="FinishReason">stop or length.</param>
/// <param name="Exact">Whether it passed its exact check; null without one.</param>
public sealed record Answer(int Iteration, int ModelIteration, int Number, string Text, string FinishReason, int? Tokens, bool? Exact);

/// <summary>A prompt with the human answer and one answer per model, oldest model first.</summary>
public sealed record PromptAnswers(string PromptId, string Split, string? System, string Prompt, string Human, IReadOnlyList<Answer> Answers);

/// <summary>Which prompts to list.</summary>
/// <param name="Split">train or held_out.</param>
/// <param name="Search">Only prompts, human or generated answers that contain this, whatever the case.</param>
public sealed record SampleQuery(string Split = "held_out", string? Search = null, int Skip = 0, int Take = 20);

/// <summary>Answers of a run's models beside the human ones.</summary>
public sealed class SampleService
{
    /// <summary>Prompts in the dataset's order, each with all its answers.</summary>
    public Task<Page<PromptAnswers>> PromptsAsync(Guid runId, SampleQuery query, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<PromptAnswers> PromptAsync(Guid runId, string split, string promptId, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>The newest answers, newest first: what appears while generation runs.</summary>
    public Task<IReadOnlyList<PromptAnswers>> LatestAsync(Guid runId, int take = 10, CancellationToken cancellation = default) => throw new NotImplementedException();
}
