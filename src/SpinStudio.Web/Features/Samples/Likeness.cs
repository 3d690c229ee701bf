namespace SpinStudio.Web.Features.Samples;

/// <summary>How much of their wording two texts share, fast enough for every answer of a run.</summary>
public static class Likeness
{
    /// <summary>From here on an answer counts as a near copy: its pair has next to no gradient.</summary>
    public const double NearCopy = 0.9;

    /// <summary>
    /// Dice's coefficient over words and neighbouring word pairs, each as often as it occurs: 2·|A ∩ B| / (|A| + |B|). 1 for the same words in the same order,
    /// 0 for no word in common; case counts, white space does not.
    /// </summary>
    public static double Between(string a, string b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var (left, right) = (Shingles(a), Shingles(b));
        var (size, other) = (left.Values.Sum(), right.Values.Sum());
        if (size + other == 0)
        {
            return 1;
        }

        var common = left.Sum(pair => Math.Min(pair.Value, right.GetValueOrDefault(pair.Key)));
        return 2.0 * common / (size + other);
    }

    private static Dictionary<(string, string?), int> Shingles(string text)
    {
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var shingles = new Dictionary<(string, string?), int>();
        for (var i = 0; i < words.Length; i++)
        {
            shingles[(words[i], null)] = shingles.GetValueOrDefault((words[i], null)) + 1;
            if (i > 0)
            {
                shingles[(words[i - 1], words[i])] = shingles.GetValueOrDefault((words[i - 1], words[i])) + 1;
            }
        }

        return shingles;
    }
}
