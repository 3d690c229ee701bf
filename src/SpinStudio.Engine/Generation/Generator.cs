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
        List<long> ids = [], positions = [], at = [], last = [];
        var filled = new List<Slot>();
        for (var i = 0; i < slots.Length && waiting.Count > 0; i++)
        {
            if (slots[i] is not null) continue;
            var request = waiting.Dequeue();
            var slot = slots[i] = new Slot(request, requests[request], i);
            filled.Add(slot);
            for (var t = 0; t < slot.Prompt.Length; t++)
            {
                ids.Add(slot.Prompt[t]);
                positions.Add(t);
                at.Add(i);
            }
            last.Add(ids.Count - 1);
        }

        using var scope = torch.NewDisposeScope();
        var hidden = model.Forward(torch.tensor([.. ids]), torch.tensor([.. positions]), torch.tensor([.. at]), cache);
        Draw(hidden.index_select(0, torch.tensor([.. last])), filled);
    }

    /// <summary>One token for every slot in use.</summary>
    private void Step(Slot?[] slots, KeyValueCache cache)
    {
        using var scope = torch.NewDisposeScope();
        List<Slot> active = [.. slots.OfType<Slot>()];
        long[] ids = [.. active.Select(s => (long)s.Ids[^1])], positions = [.. active.Select(s => (long)s.Position)], at = [.. active.Select(s => (long)s.Number)];
        Draw(model.Forward(torch.tensor(ids), torch.tensor(positions), torch.tensor(at), cache), active);
    }

    /// <param name="hidden">[slots, hidden], of the newest token of each.</param>
    private void Draw(Tensor hidden, List<Slot> slots)
    {
        var logits = model.Logits(hidden).to(ScalarType.Float32).data<float>();
        var vocab = model.Config.VocabSize;
        for (var row = 0; row < slots.Count; row++)
            slots[row].Accept(_sampler.Draw(logits.Slice(row * vocab, vocab), slots[row].NextUniform()), _stop, config.MaxNewTokens);
        TokensGenerated += slots.Count;
    }

    /// <summary>An answer in the making.</summary>
    private sealed class Slot(int request, GenerationRequest source, int number)
    {
        private RandomStream _stream = source.Stream;

        public int Request { get; } = request;

        /// <summary>Its place in the cache.</summary>
        public int Number { get; } = number;

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
