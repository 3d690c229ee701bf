namespace SpinStudio.Engine.Generation;

/// <summary>Who answers prompts: a model in this process, or a server.</summary>
public interface IAnswerSource
{
    /// <summary>Tokens drawn so far, over all calls.</summary>
    long TokensGenerated { get; }

    /// <summary>Answers all requests.</summary>
    /// <param name="answered">Called with the index of each request as its answer ends, one at a time.</param>
    /// <returns>Answers in the order of the requests.</returns>
    GeneratedAnswer[] Answer(IReadOnlyList<GenerationRequest> requests, Action<int>? answered = null, CancellationToken cancel = default);
}
