using System.Collections.Concurrent;

namespace SpinStudio.Engine.Tokenization;

/// <summary>
/// Byte-pair encoding of one piece (Sennrich et al., arXiv 1508.07909): starting from single symbols, the neighbours with the lowest merge rank are joined, leftmost first,
/// until none can be. Safe for use from several threads.
/// </summary>
internal sealed class BytePairMerges
{
    private const int LargestCache = 100_000;
    private const int LongestCached = 64;

    private readonly MergeTable _merges;
    private readonly SymbolAlphabet _alphabet;
    private readonly IReadOnlyDictionary<string, int>? _wholeWords;
    private readonly char? _wordStart;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cachedCount;

    /// <param name="wholeWords">Tokens, as the alphabet spells them, that a whole piece may be looked up as before any merging (<c>ignore_merges</c>); null = off.</param>
    /// <param name="wordStart">
    /// A character that no merge puts after another one. A piece may then be cut before it without changing the result, which makes words out of texts that
    /// SentencePiece takes as one word.
    /// </param>
    public BytePairMerges(MergeTable merges, SymbolAlphabet alphabet, IReadOnlyDictionary<string, int>? wholeWords = null, char? wordStart = null)
    {
        _merges = merges;
        _alphabet = alphabet;
        _wholeWords = wholeWords;
        _wordStart = wordStart;
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Appends the ids of a piece of text.</summary>
    /// <exception cref="BadInputException">A character has no token and the tokenizer no unknown token.</exception>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (_wordStart is { } mark)
        {
            for (var at = 1; at < piece.Length; at++)
            {
                if (piece[at] != mark || piece[at - 1] == mark)
                    continue;
                EncodeWord(piece[..at], ids);
                piece = piece[at..];
                at = 0;
            }
        }
        EncodeWord(piece, ids);
    }

    private void EncodeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        if (_cached.TryGetValue(word, out var known))
        {
            ids.AddRange(known);
            return;
        }
        var encoded = Find(word);
        ids.AddRange(encoded);
        if (word.Length > LongestCached)
            return;
        if (Interlocked.Increment(ref _cachedCount) > LargestCache)
        {
            _cache.Clear();
            _cachedCount = 0;
        }
        _cached.TryAdd(word, encoded);
    }

    private int[] Find(ReadOnlySpan<char> word) =>
        _wholeWords is not null && _wholeWords.TryGetValue(_alphabet.Spell(word), out var whole) ? [whole] : Merge(_alphabet.Symbols(word));

    private int[] Merge(List<int> ids)
    {
        var symbols = new Symbol[ids.Count];
        for (var i = 0; i < symbols.Length; i++)
            symbols[i] = new Symbol(ids[i], i - 1, i + 1 < symbols.Length ? i + 1 : -1);

        // The queue holds candidates that may be stale by the time they come up: a candidate counts only if both its symbols are still what they were.
        var queue = new PriorityQueue<(int Left, int LeftId, int RightId, int Joined), ulong>(symbols.Length);
        for (var i = 0; i + 1 < symbols.Length; i++)
            Offer(i);
        while (queue.TryDequeue(out var candidate, out _))
        {
            ref var left = ref symbols[candidate.Left];
            if (left.Id != candidate.LeftId || left.Next < 0 || symbols[left.Next].Id != candidate.RightId)
                continue;
            ref var right = ref symbols[left.Next];
            left.Id = candidate.Joined;
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

        ids.Clear();
        for (var at = symbols.Length > 0 ? 0 : -1; at >= 0; at = symbols[at].Next)
            ids.Add(symbols[at].Id);
        return [.. ids];

        void Offer(int left)
        {
            var (leftId, rightId) = (symbols[left].Id, symbols[symbols[left].Next].Id);
            if (_merges.TryGet(leftId, rightId, out var merge))
                queue.Enqueue((left, leftId, rightId, merge.Joined), ((ulong)(uint)merge.Rank << 32) | (uint)left);
        }
    }

    private struct Symbol(int id, int previous, int next)
    {
        public const int Gone = -1;
        public int Id = id;
        public int Previous = previous;
        public int Next = next;
    }
}
