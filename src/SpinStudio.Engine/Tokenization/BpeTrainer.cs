namespace SpinStudio.Engine.Tokenization;

/// <summary>
/// Learns the merges of a byte-level BPE from texts: again and again the most frequent pair of neighbours becomes a token. Deterministic: of equally frequent pairs
/// the one with the smaller ids wins.
/// </summary>
public static class BpeTrainer
{
    /// <summary>Pairs that occur less often are not worth a token.</summary>
    private const int LeastFrequency = 2;

    /// <summary>Trains and writes <c>tokenizer.json</c> and <c>tokenizer_config.json</c>.</summary>
    /// <param name="folder">Must exist.</param>
    /// <param name="texts">Read once.</param>
    /// <param name="vocabSize">Control tokens and the 256 bytes included; fewer when the texts have no more pairs.</param>
    /// <param name="specialTokens">Control tokens, which get the ids from 0.</param>
    /// <param name="settings">Named tokens, all of them among <paramref name="specialTokens"/>, and the chat template.</param>
    /// <exception cref="BadInputException">The size is too small for bytes and control tokens, or a named token is no control token.</exception>
    public static Tokenizer Train(string folder, IEnumerable<string> texts, int vocabSize, IReadOnlyList<string> specialTokens, TokenizerSettings settings)
    {
        if (vocabSize < 256 + specialTokens.Count)
            throw new BadInputException($"vocabulary size must be at least 256 bytes + {specialTokens.Count} control tokens (got {vocabSize})");
        foreach (var named in new[] { settings.BosToken, settings.EosToken, settings.PadToken }.OfType<string>())
        {
            if (!specialTokens.Contains(named))
                throw new BadInputException($"token '{named}' is not among the control tokens");
        }
        var words = CountWords(texts, specialTokens);
        var learner = new Learner(words, firstByte: specialTokens.Count);
        while (specialTokens.Count + learner.Tokens.Count < vocabSize && learner.MergeNext())
        {
        }
        TokenizerJson.Write(folder, specialTokens, learner.Tokens, learner.Merges, settings);
        return Tokenizer.Load(folder);
    }

    /// <summary>How the trained tokenizers cut texts: each digit alone, then GPT-2's words.</summary>
    internal static PreTokenizer PreTokenizer { get; } = new PreTokenizer.Sequence([PreTokenizer.Digits(individual: true), new PreTokenizer.Pattern(new SplitPattern(SplitPattern.Gpt2))]);

    /// <summary>Distinct pieces in a fixed order, with how often they occur.</summary>
    private static List<(string Word, long Count)> CountWords(IEnumerable<string> texts, IReadOnlyList<string> specialTokens)
    {
        var splitter = new AddedTokenSplitter(specialTokens.Select((content, id) => new AddedToken(id, content, Special: true)));
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        var pieces = new List<TextPiece>();
        foreach (var text in texts)
        {
            pieces.Clear();
            foreach (var (part, token, start) in splitter.Split(text))
            {
                if (token is null)
                    PreTokenizer.Split(new TextPiece(part.AsMemory(), start == 0 ? PiecePlace.Start : PiecePlace.AfterCut), pieces);
            }
            foreach (var piece in pieces)
            {
                var word = ByteAlphabet.Spell(piece.Text.Span);
                counts[word] = counts.GetValueOrDefault(word) + 1;
            }
        }
        return [.. counts.Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal)];
    }

    private sealed class Learner
    {
        private readonly int _firstByte;
        private readonly Dictionary<string, int> _idOf;
        private readonly List<(List<int> Symbols, long Count)> _words = [];
        private readonly Dictionary<(int Left, int Right), long> _counts = [];
        private readonly Dictionary<(int Left, int Right), HashSet<int>> _where = [];
        private readonly PriorityQueue<(int Left, int Right), (long MinusCount, int Left, int Right)> _queue = new();

        public Learner(List<(string Word, long Count)> words, int firstByte)
        {
            _firstByte = firstByte;
            Tokens = [.. Enumerable.Range(0, 256).Select(value => ByteAlphabet.Letter((byte)value)).Order().Select(letter => letter.ToString())];
            _idOf = Tokens.Index().ToDictionary(pair => pair.Item, pair => firstByte + pair.Index, StringComparer.Ordinal);
            foreach (var (word, count) in words)
            {
                _words.Add(([.. word.Select(letter => _idOf[letter.ToString()])], count));
                CountPairs(_words.Count - 1, sign: 1, changed: null);
            }
            foreach (var pair in _counts.Keys)
                Offer(pair);
        }

        /// <summary>Bytes, then what merges made, in order of their ids.</summary>
        public List<string> Tokens { get; }

        public List<(string Left, string Right)> Merges { get; } = [];

        /// <summary>Learns one merge; false when no pair is frequent enough.</summary>
        public bool MergeNext()
        {
            while (_queue.TryDequeue(out var pair, out var priority))
            {
                // Counts change while a pair waits; an entry with an old count is stale, and a fresh one is in the queue.
                if (_counts.GetValueOrDefault(pair) != -priority.MinusCount)
                    continue;
                if (-priority.MinusCount < LeastFrequency)
                    return false;
                Join(pair);
                return true;
            }
            return false;
        }

        private void Join((int Left, int Right) pair)
        {
            Merges.Add((Tokens[pair.Left - _firstByte], Tokens[pair.Right - _firstByte]));
            // "a" + "bc" and "ab" + "c" are two merges, but one token.
            var token = Merges[^1].Left + Merges[^1].Right;
            if (!_idOf.TryGetValue(token, out var joined))
            {
                _idOf[token] = joined = _firstByte + Tokens.Count;
                Tokens.Add(token);
            }
            var changed = new HashSet<(int Left, int Right)>();
            foreach (var word in _where[pair].ToList())
            {
                CountPairs(word, sign: -1, changed);
                Replace(_words[word].Symbols, pair, joined);
                CountPairs(word, sign: 1, changed);
            }
            foreach (var one in changed)
                Offer(one);
        }

        private static void Replace(List<int> symbols, (int Left, int Right) pair, int joined)
        {
            var kept = 0;
            for (var i = 0; i < symbols.Count; i++)
            {
                var match = symbols[i] == pair.Left && i + 1 < symbols.Count && symbols[i + 1] == pair.Right;
                symbols[kept++] = match ? joined : symbols[i];
                i += match ? 1 : 0;
            }
            symbols.RemoveRange(kept, symbols.Count - kept);
        }

        private void CountPairs(int word, int sign, HashSet<(int Left, int Right)>? changed)
        {
            var (symbols, count) = _words[word];
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                var pair = (symbols[i], symbols[i + 1]);
                _counts[pair] = _counts.GetValueOrDefault(pair) + (sign * count);
                if (!_where.TryGetValue(pair, out var words))
                    _where[pair] = words = [];
                if (sign > 0)
                    words.Add(word);
                else
                    words.Remove(word);
                changed?.Add(pair);
            }
        }

        private void Offer((int Left, int Right) pair)
        {
            if (_counts[pair] > 0)
                _queue.Enqueue(pair, (-_counts[pair], pair.Left, pair.Right));
        }
    }
}
