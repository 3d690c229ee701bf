using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Generation;

/// <summary>A prompt to answer, and the random stream its tokens are drawn with.</summary>
/// <param name="Example">Where the prompt comes from; a server's answer is tokenised in its place.</param>
public sealed record GenerationRequest(int[] Prompt, RandomStream Stream, Example? Example = null);

/// <summary>An answer's token ids, with the EOS that ended it, if one did.</summary>
public sealed record GeneratedAnswer(int[] Ids, bool EndedByEos)
{
    public const string Stop = "stop", Length = "length";

    public string FinishReason => EndedByEos ? Stop : Length;
}

/// <summary>
/// Batched sampling with a preallocated key-value cache. A slot whose answer ends is refilled with the next prompt, so that the batch stays full
/// until the prompts run out (continuous batching; Yu et al., "Orca", OSDI 2022).
/// </summary>
/// <remarks>What is drawn for a prompt depends on the model, the prompt and its own stream, not on the prompts beside it (up to the arithmetic of differently shaped products).</remarks>
/// <param name="stopIds">Tokens that end an answer.</param>
public sealed class Generator(LlamaModel model, GenerationConfig config, IEnumerable<int> stopIds) : IAnswerSource
{
    private readonly HashSet<int> _stop = [.. stopIds];

    /// <summary>Tokens drawn so far, over all calls.</summary>
    public long TokensGenerated { get; private set; }

    /// <summary>Answers all requests.</summary>
    /// <param name="answered">Called with the index of each request as its answer ends.</param>
    /// <returns>Answers in the order of the requests.</returns>
    /// <exception cref="BadInputException">A prompt is empty, or longer than the model's positions allow.</exception>
    public GeneratedAnswer[] Answer(IReadOnlyList<GenerationRequest> requests, Action<int>? answered = null, CancellationToken cancel = default)
    {
        var answers = new GeneratedAnswer[requests.Count];
        if (requests.Count == 0) return answers;
        Check(requests);

        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        // Prompts of like length are prefilled together.
        var waiting = new Queue<int>(Enumerable.Range(0, requests.Count).OrderBy(i => requests[i].Prompt.Length).ThenBy(i => i));
        var index = new Dictionary<Decoding, int>(ReferenceEqualityComparer.Instance);
        using var batch = new DecodingBatch(model, Math.Min(config.BatchSize, requests.Count), requests.Max(r => r.Prompt.Length) + config.MaxNewTokens);

        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var free = batch.Free;
            var before = batch.TokensDrawn;
            if (waiting.Count > 0 && (free == batch.Size || free >= Math.Max(1, batch.Size / 8)))
                batch.Admit([.. Enumerable.Range(0, Math.Min(free, waiting.Count)).Select(_ => Open(waiting.Dequeue()))]);
            else if (free == batch.Size)
                return answers;
            else
                batch.Step();
            TokensGenerated += batch.TokensDrawn - before;

            foreach (var ended in batch.TakeEnded())
            {
                answers[index[ended]] = new GeneratedAnswer([.. ended.Ids], ended.EndedByEos);
                answered?.Invoke(index[ended]);
            }
        }

        Decoding Open(int request)
        {
            var decoding = new Decoding(requests[request].Prompt, requests[request].Stream, config, _stop);
            index.Add(decoding, request);
            return decoding;
        }
    }

    private void Check(IReadOnlyList<GenerationRequest> requests)
    {
        for (var i = 0; i < requests.Count; i++)
        {
            var length = requests[i].Prompt.Length;
            if (length == 0) throw new BadInputException($"prompt {i + 1} is empty after tokenisation");
            if (length + config.MaxNewTokens > model.Config.MaxPositions)
                throw new BadInputException(
                    $"prompt {i + 1} has {length} tokens; with max_new_tokens {config.MaxNewTokens} that passes the model's {model.Config.MaxPositions} positions. " +
                    "Lower generation.max_new_tokens or max_prompt_length");
        }
    }
}
