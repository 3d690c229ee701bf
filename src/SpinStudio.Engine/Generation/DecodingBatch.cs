using SpinStudio.Engine.Models;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Generation;

/// <summary>Answers that are decoded together, each in a slot of a preallocated key-value cache. A slot is free again as soon as its answer ends.</summary>
/// <param name="capacity">Positions of prompt and answer together that a slot holds.</param>
internal sealed class DecodingBatch(LlamaModel model, int slots, int capacity) : IDisposable
{
    private readonly KeyValueCache _cache = new(model.Config, slots, capacity, model.Dtype);
    private readonly Decoding?[] _slots = new Decoding?[slots];
    private readonly TokenSampler _sampler = new();

    public int Size => _slots.Length;

    public int Free => _slots.Count(slot => slot is null);

    /// <summary>Tokens drawn so far.</summary>
    public long TokensDrawn { get; private set; }

    /// <summary>Reads prompts into free slots, all at once, and draws the first token of each answer.</summary>
    public void Admit(IReadOnlyList<Decoding> decodings)
    {
        List<long> ids = [], positions = [], at = [], last = [];
        foreach (var decoding in decodings)
        {
            decoding.Slot = Array.IndexOf(_slots, null);
            _slots[decoding.Slot] = decoding;
            for (var t = 0; t < decoding.Prompt.Length; t++)
            {
                ids.Add(decoding.Prompt[t]);
                positions.Add(t);
                at.Add(decoding.Slot);
            }
            last.Add(ids.Count - 1);
        }

        using var inference = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        var hidden = model.Forward(torch.tensor([.. ids]), torch.tensor([.. positions]), torch.tensor([.. at]), _cache);
        Draw(hidden.index_select(0, torch.tensor([.. last])), decodings);
    }

    /// <summary>One more token for every answer.</summary>
    public void Step()
    {
        using var inference = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        List<Decoding> active = [.. _slots.OfType<Decoding>()];
        long[] ids = [.. active.Select(d => (long)d.Ids[^1])], positions = [.. active.Select(d => (long)d.Position)], at = [.. active.Select(d => (long)d.Slot)];
        Draw(model.Forward(torch.tensor(ids), torch.tensor(positions), torch.tensor(at), _cache), active);
    }

    /// <summary>Takes the answers that have ended out of their slots.</summary>
    public IReadOnlyList<Decoding> TakeEnded()
    {
        List<Decoding> ended = [.. _slots.OfType<Decoding>().Where(d => d.Ended)];
        ended.ForEach(decoding => _slots[decoding.Slot] = null);
        return ended;
    }

    public void Dispose() => _cache.Dispose();

    /// <param name="hidden">[answers, hidden], of the newest token of each.</param>
    private void Draw(Tensor hidden, IReadOnlyList<Decoding> decodings)
    {
        var logits = model.Logits(hidden);
        var rows = Enumerable.Range(0, decodings.Count).ToLookup(row => decodings[row].IsPlain);
        DrawAtOnce(logits, decodings, [.. rows[true]]);
        DrawSingly(logits, decodings, [.. rows[false]]);
        TokensDrawn += decodings.Count;
    }

    private static void DrawAtOnce(Tensor logits, IReadOnlyList<Decoding> decodings, int[] rows)
    {
        if (rows.Length == 0) return;
        double[] temperatures = [.. rows.Select(row => decodings[row].Temperature)], uniforms = [.. rows.Select(row => decodings[row].NextUniform())];
        var ids = torch.nn.functional.sample(Rows(logits, rows), torch.tensor(temperatures), torch.tensor(uniforms)).data<long>();
        for (var i = 0; i < rows.Length; i++)
            decodings[rows[i]].Take(new DrawnToken((int)ids[i]));
    }

    private void DrawSingly(Tensor logits, IReadOnlyList<Decoding> decodings, int[] rows)
    {
        if (rows.Length == 0) return;
        var values = Rows(logits, rows).to(ScalarType.Float32).cpu().data<float>();
        var vocab = model.Config.VocabSize;
        for (var i = 0; i < rows.Length; i++)
            decodings[rows[i]].Draw(values.Slice(i * vocab, vocab), _sampler);
    }

    private static Tensor Rows(Tensor logits, int[] rows) =>
        rows.Length == logits.size(0) ? logits : logits.index_select(0, torch.tensor([.. rows.Select(row => (long)row)]));
}
