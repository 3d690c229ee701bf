using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Generation;

/// <summary>A prompt to answer, and the random stream its tokens are drawn with.</summary>
public sealed record GenerationRequest(int[] Prompt, RandomStream Stream);

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
public sealed class Generator(LlamaModel model, GenerationConfig config, IEnumerable<int> stopIds)
{
    private readonly TokenSampler _sampler = new(config);
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
        var slots = new Slot?[Math.Min(config.BatchSize, requests.Count)];
        using var cache = new KeyValueCache(model.Config, slots.Length, requests.Max(r => r.Prompt.Length) + config.MaxNewTokens, model.Dtype);

        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var free = slots.Count(s => s is null);
            if (waiting.Count > 0 && (free == slots.Length || free >= Math.Max(1, slots.Length / 8)))
                Refill(slots, waiting, requests, cache);
            else if (free == slots.Length)
                return answers;
            else
                Step(slots, cache);

            for (var i = 0; i < slots.Length; i++)
                if (slots[i] is { Ended: true } ended)
                {
                    answers[ended.Request] = new GeneratedAnswer([.. ended.Ids], ended.EndedByEos);
                    slots[i] = null;
                    answered?.Invoke(ended.Request);
                }
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

    /// <summary>Reads the next prompts into all free slots and draws their first tokens.</summary>
    private void Refill(Slot?[] slots, Queue<int> waiting, IReadOnlyList<GenerationRequest> requests, KeyValueCache cache)
    {
        var filled = new List<int>();
        for (var i = 0; i < slots.Length && waiting.Count > 0; i++)
            if (slots[i] is null)
            {
                var request = waiting.Dequeue();
                slots[i] = new Slot(request, requests[request]);
                filled.Add(i);
            }

        using var scope = torch.NewDisposeScope();
        var longest = filled.Max(i => slots[i]!.Prompt.Length);
        var ids = new long[filled.Count * longest];
        var last = new long[filled.Count];
        for (var row = 0; row < filled.Count; row++)
        {
            var prompt = slots[filled[row]]!.Prompt;
            for (var t = 0; t < prompt.Length; t++)
                ids[row * longest + t] = prompt[t];
            last[row] = row * longest + prompt.Length - 1;
        }

        var hidden = model.Forward(torch.tensor(ids, [filled.Count, longest]), (cache, torch.tensor(filled.ConvertAll(i => (long)i).ToArray(), [filled.Count])));
        var logits = model.Logits(hidden.view([-1, model.Config.HiddenSize]).index_select(0, torch.tensor(last, [filled.Count])));
        Draw(logits, [.. filled.Select(i => slots[i])]);
    }

    /// <summary>One token for every slot in use.</summary>
    private void Step(Slot?[] slots, KeyValueCache cache)
    {
        using var scope = torch.NewDisposeScope();
        // An idle slot reads token 0 at position 0: harmless, and the shapes stay the same.
        var ids = Array.ConvertAll(slots, s => (long)(s?.Ids[^1] ?? 0));
        var positions = Array.ConvertAll(slots, s => (long)(s?.Position ?? 0));
        var hidden = model.Decode(torch.tensor(ids, [slots.Length]), torch.tensor(positions, [slots.Length]), (int)positions.Max(), cache);
        Draw(model.Logits(hidden), slots);
    }

    /// <param name="logits">[rows, vocab], one row a slot.</param>
    private void Draw(Tensor logits, Slot?[] rows)
    {
        var values = logits.data<float>();
        var vocab = (int)logits.shape[1];
        for (var row = 0; row < rows.Length; row++)
            if (rows[row] is { } slot)
            {
                slot.Accept(_sampler.Draw(values.Slice(row * vocab, vocab), slot.NextUniform()), _stop, config.MaxNewTokens);
                TokensGenerated++;
            }
    }

    /// <summary>An answer in the making.</summary>
    private sealed class Slot(int request, GenerationRequest source)
    {
        private RandomStream _stream = source.Stream;

        public int Request { get; } = request;
        public int[] Prompt { get; } = source.Prompt;
        public List<int> Ids { get; } = [];
        public bool EndedByEos { get; private set; }
        public bool Ended { get; private set; }

        /// <summary>Where the newest token stands.</summary>
        public int Position => Prompt.Length + Ids.Count - 1;

        public double NextUniform() => _stream.NextDouble();

        public void Accept(int id, HashSet<int> eos, int limit)
        {
            Ids.Add(id);
            EndedByEos = eos.Contains(id);
            Ended = EndedByEos || Ids.Count >= limit;
        }
    }
}
