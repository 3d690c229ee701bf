using System.Globalization;
using System.Text;

namespace SpinStudio.Engine.Tokenization;

/// <summary>
/// Unicode normalization form C (Unicode Standard Annex 15). The framework's own is a no-op under invariant globalization, which
/// the engine runs in so as to need no ICU.
/// </summary>
internal static class Nfc
{
    private const int HangulSyllables = 0xAC00, HangulLeads = 0x1100, HangulVowels = 0x1161, HangulTails = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TailCount = 28;

    private static readonly Dictionary<int, int[]> DecompositionOf = [];
    private static readonly Dictionary<(int First, int Second), int> CompositionOf = [];
    private static readonly Dictionary<int, byte> ClassOf = [];

#pragma warning disable CA1810 // the three tables are filled from one pass over the data
    static Nfc()
#pragma warning restore CA1810
    {
        foreach (var entry in NfcData.Decompositions.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var sign = entry.IndexOfAny(['=', '>']);
            var whole = Hex(entry[..sign]);
            int[] parts = [.. entry[(sign + 1)..].Split(' ').Select(Hex)];
            DecompositionOf[whole] = parts;
            if (entry[sign] == '=')
                CompositionOf[(parts[0], parts[1])] = whole;
        }
        foreach (var entry in NfcData.CombiningClasses.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = entry.Split('-', ':');
            for (var c = Hex(parts[0]); c <= Hex(parts[1]); c++)
                ClassOf[c] = (byte)Hex(parts[2]);
        }
    }

    /// <summary>The text in form C. Text below U+0300, where everything is in that form, is returned as it is.</summary>
    public static string Normalize(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\u0300', '\uFFFF'))
            return text;
        var decomposed = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, decomposed);
        Reorder(decomposed);
        return Compose(decomposed);
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static byte Class(int c) => ClassOf.GetValueOrDefault(c);

    private static void Decompose(int c, List<int> into)
    {
        if (c - HangulSyllables is >= 0 and < LeadCount * VowelCount * TailCount and var syllable)
        {
            into.Add(HangulLeads + (syllable / (VowelCount * TailCount)));
            into.Add(HangulVowels + (syllable % (VowelCount * TailCount) / TailCount));
            if (syllable % TailCount != 0)
                into.Add(HangulTails + (syllable % TailCount));
        }
        else if (DecompositionOf.TryGetValue(c, out var parts))
        {
            foreach (var part in parts)
                Decompose(part, into);
        }
        else
        {
            into.Add(c);
        }
    }

    /// <summary>Sorts each run of combining marks by class, stably.</summary>
    private static void Reorder(List<int> text)
    {
        for (var start = 0; start < text.Count; start++)
        {
            if (Class(text[start]) == 0)
                continue;
            var end = start;
            while (end < text.Count && Class(text[end]) != 0)
                end++;
            var sorted = text[start..end].OrderBy(Class).ToList();
            for (var i = 0; i < sorted.Count; i++)
                text[start + i] = sorted[i];
            start = end;
        }
    }

    private static string Compose(List<int> text)
    {
        var composed = new List<int>(text.Count);
        var starter = -1;
        var lastClass = 0;
        foreach (var c in text)
        {
            var combiningClass = Class(c);
            // A mark is blocked from its starter by a mark of the same or a higher class between them.
            var blocked = starter < 0 || (composed.Count - 1 > starter && lastClass >= combiningClass);
            if (!blocked && Pair(composed[starter], c) is { } whole)
            {
                composed[starter] = whole;
                continue;
            }
            composed.Add(c);
            lastClass = combiningClass;
            if (combiningClass == 0)
                starter = composed.Count - 1;
        }
        var result = new StringBuilder(composed.Count);
        foreach (var c in composed)
            result.Append(char.ConvertFromUtf32(c));
        return result.ToString();
    }

    private static int? Pair(int first, int second)
    {
        if (first - HangulLeads is >= 0 and < LeadCount and var lead && second - HangulVowels is >= 0 and < VowelCount and var vowel)
            return HangulSyllables + (((lead * VowelCount) + vowel) * TailCount);
        if (first - HangulSyllables is >= 0 and < LeadCount * VowelCount * TailCount and var syllable && syllable % TailCount == 0
            && second - HangulTails is > 0 and < TailCount and var tail)
            return first + tail;
        return CompositionOf.TryGetValue((first, second), out var whole) ? whole : null;
    }
}
