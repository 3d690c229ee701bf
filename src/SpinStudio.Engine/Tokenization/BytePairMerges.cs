using System.Collections.Concurrent;

namespace SpinStudio.Engine.Tokenization;

/// <summary>
/// Byte-pair encoding of one piece (Sennrich et al., arXiv 1508.07909): starting from single bytes, the neighbours with the lowest merge rank are joined, leftmost first,
/// until none can be. Safe for use from several threads.
/// </summary>
internal sealed class BytePairMerges
{
    private const int LargestCache = 100_000;
    private const int LongestCached = 64;

    private readonly IReadOnlyDictionary<string, int> _vocabulary;
    private readonly IReadOnlyDictionary<(int Left, int Right), (int Rank, int Joined)> _merges;
    private readonly IReadOnlySet<int>? _wholeWords;
    private readonly int? _unknown;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;

    /// <param name="vocabulary">Token as spelt in <see cref="ByteAlphabet"/> → id.</param>
    /// <param name="merges">Neighbouring ids → rank and id of what they join to.</param>
    /// <param name="wholeWords">Ids that a whole piece may be looked up as before any merging (<c>ignore_merges</c>); null = off.</param>
    /// <param name="unknown">Id for bytes that have no token.</param>
    public BytePairMerges(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyDictionary<(int Left, int Right), (int Rank, int Joined)> merges, IReadOnlySet<int>? wholeWords, int? unknown)
    {
        _vocabulary = vocabulary;
        _merges = merges;
        _wholeWords = wholeWords;
        _unknown = unknown;
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Appends the ids of a piece of text.</summary>
    /// <exception cref="BadInputException">A byte has no token and the tokenizer no unknown token.</exception>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (_cached.TryGetValue(piece, out var known))
        {
            ids.AddRange(known);
            return;
        }
        var encoded = Merge(ByteAlphabet.Spell(piece));
        if (piece.Length <= LongestCached && _cache.Count < LargestCache)
            _cached.TryAdd(piece, encoded);
        ids.AddRange(encoded);
    }

    private int[] Merge(string spelt)
    {
        if (_wholeWords is not null && _vocabulary.TryGetValue(spelt, out var whole) && _wholeWords.Contains(whole))
            return [whole];

        var symbols = new Symbol[spelt.Length];
        for (var i = 0; i < symbols.Length; i++)
            symbols[i] = new Symbol(ByteId(spelt[i]), i - 1, i + 1 < symbols.Length ? i + 1 : -1);

        // The queue holds candidates that may be stale by the time they come up: a candidate counts only if both its symbols are still what they were.
        var queue = new PriorityQueue<(int Left, int LeftId, int RightId), (int Rank, int Position)>();
        for (var i = 0; i + 1 < symbols.Length; i++)
            Offer(i);
        while (queue.TryDequeue(out var candidate, out _))
        {
            ref var left = ref symbols[candidate.Left];
            if (left.Id != candidate.LeftId || left.Next < 0 || symbols[left.Next].Id != candidate.RightId)
                continue;
            ref var right = ref symbols[left.Next];
            left.Id = _merges[(left.Id, right.Id)].Joined;
            right.Id = Symbol.Gone;
            left.Next = right.Next;
            if (left.Next >= 0)
            {
                symbols[left.Next].Previous = candidate.Left;
                Offer(candidate.Left);
            }
            if (left.Previous >= 0)
                Offer(left.Previous);
        }
        return [.. symbols.Where(symbol => symbol.Id != Symbol.Gone).Select(symbol => symbol.Id)];

        void Offer(int left)
        {
            var pair = (symbols[left].Id, symbols[symbols[left].Next].Id);
            if (_merges.TryGetValue(pair, out var merge))
                queue.Enqueue((left, pair.Item1, pair.Item2), (merge.Rank, left));
        }
    }

    private int ByteId(char letter)
    {
        if (_vocabulary.TryGetValue(letter.ToString(), out var id))
            return id;
        return _unknown ?? throw new BadInputException($"the tokenizer has neither a token for byte 0x{ByteAlphabet.Read(letter.ToString())![0]:X2} nor an unknown token");
    }

    private struct Symbol(int id, int previous, int next)
    {
        public const int Gone = -1;
        public int Id = id;
        public int Previous = previous;
        public int Next = next;
    }
}
