using System.Numerics;

namespace SpinStudio.Engine.Datasets;

/// <summary>
/// Counts texts that say nearly the same as an earlier one: the share of three-word shingles (letters and digits, without case) that two texts have in common, their
/// Jaccard similarity, estimated by MinHash (A. Broder, On the resemblance and containment of documents, 1997) from 64 hash functions and found by locality-sensitive
/// hashing in 16 bands of 4 (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, ch. 3). 256 bytes a text.
/// </summary>
internal sealed class NearDuplicates
{
    /// <summary>Estimated similarity from which two texts count as near duplicates. The estimate's standard error there is 0.05.</summary>
    public const double Threshold = 0.8;

    /// <summary>Texts looked at, the first ones: what bounds the memory, at 51 MB.</summary>
    public const int MostTexts = 200_000;

    private const int Hashes = 64, BandRows = 4, Shingle = 3;

    /// <summary>Words of a text that are looked at, and texts of a bucket that one is compared with.</summary>
    private const int MostWords = 2000, MostCompared = 8;

    private static readonly ulong[] Multipliers = [.. Enumerable.Range(1, Hashes).Select(i => Mix((ulong)i) | 1)];

    private readonly List<uint[]> _signatures = [];
    private readonly List<ulong> _words = [];

    /// <summary>Texts looked at.</summary>
    public int Texts => _signatures.Count;

    public void Add(string text, string more)
    {
        if (_signatures.Count == MostTexts)
            return;
        _words.Clear();
        AddWords(text);
        AddWords(more);
        _signatures.Add(Signature());
    }

    /// <summary>Texts that are near to an earlier one.</summary>
    public int Count(CancellationToken cancellation)
    {
        var near = new bool[_signatures.Count];
        var keys = new ulong[_signatures.Count];
        var order = new int[_signatures.Count];
        for (var band = 0; band < Hashes; band += BandRows)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < keys.Length; i++)
                (keys[i], order[i]) = (Key(_signatures[i], band), i);
            Array.Sort(keys, order);
            for (int from = 0, to; from < keys.Length; from = to)
            {
                for (to = from + 1; to < keys.Length && keys[to] == keys[from]; to++)
                {
                }
                MarkNear(order.AsSpan(from, to - from), near);
            }
        }
        return near.Count(marked => marked);
    }

    private void MarkNear(Span<int> bucket, bool[] near)
    {
        bucket.Sort();
        for (var i = 1; i < bucket.Length; i++)
        {
            for (var j = i - 1; j >= Math.Max(0, i - MostCompared) && !near[bucket[i]]; j--)
                near[bucket[i]] = Similarity(_signatures[bucket[i]], _signatures[bucket[j]]) >= Threshold;
        }
    }

    private static double Similarity(uint[] one, uint[] other)
    {
        var same = 0;
        for (var i = 0; i < Hashes; i++)
            same += one[i] == other[i] ? 1 : 0;
        return (double)same / Hashes;
    }

    /// <summary>For each hash function the least value over the shingles; a text of fewer words than a shingle is one shingle.</summary>
    private uint[] Signature()
    {
        var signature = new uint[Hashes];
        Array.Fill(signature, uint.MaxValue);
        for (var i = 0; i == 0 || i + Shingle <= _words.Count; i++)
        {
            ulong shingle = 0;
            for (var k = i; k < Math.Min(i + Shingle, _words.Count); k++)
                shingle = Mix(shingle ^ _words[k]);
            for (var h = 0; h < Hashes; h++)
                signature[h] = Math.Min(signature[h], (uint)((shingle * Multipliers[h]) >> 32));
        }
        return signature;
    }

    private void AddWords(string text)
    {
        const ulong Basis = 14695981039346656037, Prime = 1099511628211; // FNV-1a
        var (hash, inWord) = (Basis, false);
        foreach (var c in text)
        {
            if (char.IsLetterOrDigit(c))
            {
                (hash, inWord) = ((hash ^ char.ToLowerInvariant(c)) * Prime, true);
                continue;
            }
            End();
        }
        End();

        void End()
        {
            if (inWord && _words.Count < MostWords)
                _words.Add(hash);
            (hash, inWord) = (Basis, false);
        }
    }

    private static ulong Key(uint[] signature, int band)
    {
        ulong key = (ulong)band;
        for (var i = 0; i < BandRows; i++)
            key = Mix(key ^ signature[band + i]);
        return key;
    }

    /// <summary>SplitMix64's finisher: every bit of the input changes half of the output's.</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ BitOperations.RotateRight(value, 31);
    }
}
