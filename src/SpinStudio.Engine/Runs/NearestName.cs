namespace SpinStudio.Engine.Runs;

/// <summary>Finds the known name that a misspelt one most likely meant.</summary>
public static class NearestName
{
    /// <summary>The known name nearest to <paramref name="name"/> by edit distance, or null when none is near (more than half of its letters differ).</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        if (name.Length > 100)
            return null;
        var (nearest, distance) = known
            .Select(candidate => (candidate, distance: EditDistance(name.ToLowerInvariant(), candidate)))
            .DefaultIfEmpty((candidate: "", distance: int.MaxValue))
            .MinBy(pair => pair.distance);
        return distance <= Math.Max(1, Math.Min(name.Length, nearest.Length) / 2) ? nearest : null;
    }

    /// <summary>Fewest insertions, deletions, substitutions and swaps of neighbours that turn one into the other (optimal string alignment).</summary>
    internal static int EditDistance(string a, string b)
    {
        var distance = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            distance[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            distance[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = distance[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                var best = Math.Min(substituted, Math.Min(distance[i - 1, j], distance[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    best = Math.Min(best, distance[i - 2, j - 2] + 1);
                distance[i, j] = best;
            }
        }
        return distance[a.Length, b.Length];
    }
}
