using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>Which pairs of the window are trained on, as token ids, and why the others are not.</summary>
/// <param name="Dropped">Counts by reason: identical (zero gradient), empty (nothing generated), too_long (no room for an answer).</param>
public sealed record PairSelection(IReadOnlyList<TokenPair> Pairs, IReadOnlyDictionary<string, int> Dropped)
{
    /// <summary>What was dropped and why, for people: <c>3 empty, 2 identical</c>.</summary>
    public string DroppedText => string.Join(", ", Dropped.Select(d => $"{d.Value} {d.Key}"));

    /// <summary>Turns generated pairs into token pairs, in their order.</summary>
    public static PairSelection From(IEnumerable<Pair> generated, IReadOnlyList<Example> examples, ConversationEncoder encoder, RunConfig config)
    {
        var pairs = new List<TokenPair>();
        var dropped = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var pair in generated)
        {
            var encoded = encoder.Encode(examples[pair.Index]);
            var room = config.MaxLength - encoded.Prompt.Length;
            int[] answer = [.. pair.GeneratedIds.Take(room)];
            var reason = encoded.Answer.Length == 0 ? "too_long"
                : answer.Length == 0 ? "empty"
                : config.DropIdentical && answer.AsSpan().SequenceEqual(encoded.Answer) ? "identical"
                : null;
            if (reason is null)
                pairs.Add(new TokenPair(pair.PromptId, encoded.Prompt, encoded.Answer, answer));
            else
                dropped[reason] = dropped.GetValueOrDefault(reason) + 1;
        }
        return new PairSelection(pairs, dropped);
    }
}
