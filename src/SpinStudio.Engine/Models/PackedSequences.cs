namespace SpinStudio.Engine.Models;

/// <summary>
/// Sequences laid end to end without padding, as segments. A segment may have a parent, whose tokens precede its own: the answers to a prompt share it,
/// and it is computed once (shared-prefix training: arXiv 2410.20305, 2506.05433, in their split form).
/// </summary>
public sealed class PackedSequences
{
    private readonly List<long> _ids = [], _positions = [], _offsets = [0], _parents = [];

    /// <summary>Token ids, end to end.</summary>
    public IReadOnlyList<long> Ids => _ids;

    /// <summary>Position of each token in its sequence: a child's go on from its parent's.</summary>
    public IReadOnlyList<long> Positions => _positions;

    /// <summary>Where segments begin, and the end: one entry more than segments.</summary>
    public IReadOnlyList<long> Offsets => _offsets;

    /// <summary>For each segment its parent, or −1.</summary>
    public IReadOnlyList<long> Parents => _parents;

    /// <summary>Appends a segment.</summary>
    /// <param name="parent">Number of an earlier segment that has no parent itself, or −1.</param>
    /// <returns>Number of the segment.</returns>
    public int Add(ReadOnlySpan<int> ids, int parent = -1)
    {
        var position = parent < 0 ? 0 : _offsets[parent + 1] - _offsets[parent];
        foreach (var id in ids)
        {
            _ids.Add(id);
            _positions.Add(position++);
        }
        _offsets.Add(_ids.Count);
        _parents.Add(parent);
        return _parents.Count - 1;
    }
}
