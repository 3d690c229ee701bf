namespace SpinStudio.Engine.Tokenization;

/// <summary>Neighbouring ids → rank and id of what they join to. Open addressing over two arrays: this look-up is what encoding spends its time on.</summary>
internal sealed class MergeTable
{
    private const ulong Empty = ulong.MaxValue;

    private readonly ulong[] _pairs;
    private readonly (int Rank, int Joined)[] _merges;
    private readonly int _shift;

    /// <param name="merges">By rank. Of several for the same pair the last one counts.</param>
    public MergeTable(IReadOnlyList<(int Left, int Right, int Joined)> merges)
    {
        // At most half full, so that a search ends soon.
        var bits = Math.Max(2, 32 - int.LeadingZeroCount(merges.Count) + 1);
        _shift = 64 - bits;
        _pairs = new ulong[1 << bits];
        _merges = new (int Rank, int Joined)[1 << bits];
        Array.Fill(_pairs, Empty);
        foreach (var (rank, (left, right, joined)) in merges.Index())
        {
            var at = Find(Pair(left, right));
            _pairs[at] = Pair(left, right);
            _merges[at] = (rank, joined);
        }
    }

    public bool TryGet(int left, int right, out (int Rank, int Joined) merge)
    {
        var at = Find(Pair(left, right));
        merge = _merges[at];
        return _pairs[at] != Empty;
    }

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    /// <summary>Where the pair is, or would be.</summary>
    private int Find(ulong pair)
    {
        var at = (int)((pair * 0x9E3779B97F4A7C15) >> _shift);
        while (_pairs[at] != pair && _pairs[at] != Empty)
            at = (at + 1) & (_pairs.Length - 1);
        return at;
    }
}
