namespace SpinStudio.Web.Features.Samples;

public enum DiffKind
{
    Same,
    Added,
    Dropped,
}

/// <summary>A stretch of text that two answers share, or that only one has.</summary>
public sealed record DiffPart(DiffKind Kind, string Text);

/// <summary>Differences between two answers, word by word: the longest common subsequence of their words.</summary>
public static class WordDiff
{
    /// <summary>Words compared at most, each side; the table has their product many cells. Longer texts count as changed behind their common start and end.</summary>
    private const int Limit = 1500;

    /// <summary>How <paramref name="after"/> came from <paramref name="before"/>. The parts that are not dropped, joined, are <paramref name="after"/>.</summary>
    public static IReadOnlyList<DiffPart> Between(string before, string after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var a = Words(before);
        var b = Words(after);
        var start = 0;
        while (start < a.Count && start < b.Count && a[start] == b[start])
            start++;
        var end = 0;
        while (end < a.Count - start && end < b.Count - start && a[a.Count - 1 - end] == b[b.Count - 1 - end])
            end++;

        var parts = new List<(DiffKind Kind, string Word)>();
        parts.AddRange(b.Take(start).Select(word => (DiffKind.Same, word)));
        parts.AddRange(Middle(a.GetRange(start, a.Count - start - end), b.GetRange(start, b.Count - start - end)));
        parts.AddRange(b.Skip(b.Count - end).Select(word => (DiffKind.Same, word)));
        return Joined(parts);
    }

    private static List<(DiffKind, string)> Middle(List<string> a, List<string> b)
    {
        if (a.Count > Limit || b.Count > Limit)
            return [.. a.Select(word => (DiffKind.Dropped, word)), .. b.Select(word => (DiffKind.Added, word))];

        // common[i, j]: length of the longest common subsequence of a[i..] and b[j..].
        var common = new int[a.Count + 1, b.Count + 1];
        for (var i = a.Count - 1; i >= 0; i--)
        {
            for (var j = b.Count - 1; j >= 0; j--)
                common[i, j] = a[i] == b[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }

        var parts = new List<(DiffKind, string)>();
        var (x, y) = (0, 0);
        while (x < a.Count || y < b.Count)
        {
            if (x < a.Count && y < b.Count && a[x] == b[y])
            {
                parts.Add((DiffKind.Same, b[y++]));
                x++;
            }
            else if (y == b.Count || (x < a.Count && common[x + 1, y] >= common[x, y + 1]))
            {
                parts.Add((DiffKind.Dropped, a[x++]));
            }
            else
            {
                parts.Add((DiffKind.Added, b[y++]));
            }
        }

        return parts;
    }

    /// <summary>Words with the white space that follows them; leading white space is a word of its own.</summary>
    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var start = 0;
        for (var i = 1; i <= text.Length; i++)
        {
            if (i < text.Length && !(char.IsWhiteSpace(text[i - 1]) && !char.IsWhiteSpace(text[i])))
                continue;
            words.Add(text[start..i]);
            start = i;
        }

        return words;
    }

    private static List<DiffPart> Joined(List<(DiffKind Kind, string Word)> parts)
    {
        var joined = new List<DiffPart>();
        foreach (var (kind, word) in parts)
        {
            if (joined.Count > 0 && joined[^1].Kind == kind)
                joined[^1] = joined[^1] with { Text = joined[^1].Text + word };
            else
                joined.Add(new DiffPart(kind, word));
        }

        return joined;
    }
}
