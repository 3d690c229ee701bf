using System.Runtime.InteropServices;

namespace SpinStudio.Engine.Tokenization;

/// <summary>What becomes of the delimiters at which a text is cut. The names are those of <c>tokenizer.json</c>.</summary>
internal enum SplitBehavior
{
    /// <summary>They are dropped.</summary>
    Removed,

    /// <summary>Each is a piece of its own.</summary>
    Isolated,

    /// <summary>Neighbouring ones are one piece.</summary>
    Contiguous,

    /// <summary>Each belongs to the piece before it; of several in a row the first one does, the others stand alone.</summary>
    MergedWithPrevious,

    /// <summary>Each belongs to the piece after it; of several in a row the last one does, the others stand alone.</summary>
    MergedWithNext,
}

/// <summary>A stretch of a text: a delimiter, or what lies between two.</summary>
internal readonly record struct Stretch(int Start, int End, bool IsDelimiter);

internal static class SplitBehaviors
{
    /// <summary>The pieces that stretches, which cover a text in order, come to.</summary>
    public static List<(int Start, int End)> Pieces(this SplitBehavior behavior, List<Stretch> stretches)
    {
        var pieces = new List<(int Start, int End)>(stretches.Count);
        if (behavior == SplitBehavior.MergedWithNext)
        {
            for (var i = stretches.Count - 1; i >= 0; i--)
                AddBefore(stretches[i], isJoined: stretches[i].IsDelimiter && i + 1 < stretches.Count && !stretches[i + 1].IsDelimiter);
            pieces.Reverse();
            return pieces;
        }
        for (var i = 0; i < stretches.Count; i++)
        {
            var (stretch, previous) = (stretches[i], i > 0 ? stretches[i - 1] : default);
            if (behavior == SplitBehavior.Removed && stretch.IsDelimiter)
                continue;
            Add(stretch, isJoined: i > 0 && stretch.IsDelimiter && behavior switch
            {
                SplitBehavior.MergedWithPrevious => !previous.IsDelimiter,
                SplitBehavior.Contiguous => previous.IsDelimiter,
                _ => false,
            });
        }
        return pieces;

        void Add(Stretch stretch, bool isJoined)
        {
            if (isJoined)
                CollectionsMarshal.AsSpan(pieces)[^1].End = stretch.End;
            else
                pieces.Add((stretch.Start, stretch.End));
        }

        void AddBefore(Stretch stretch, bool isJoined)
        {
            if (isJoined)
                CollectionsMarshal.AsSpan(pieces)[^1].Start = stretch.Start;
            else
                pieces.Add((stretch.Start, stretch.End));
        }
    }
}
