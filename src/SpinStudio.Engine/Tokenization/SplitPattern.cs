using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Finds the matches of a pattern of <c>tokenizer.json</c>, which is written for another regex engine than .NET's.</summary>
/// <remarks>
/// .NET's regex sees UTF-16 units, so that \p{L} fails on letters beyond U+FFFF. Matching therefore runs on a stand-in of the text in which each such
/// code point is one character of the same general category, from a script that patterns do not name.
/// </remarks>
internal sealed partial class SplitPattern
{
    /// <summary>The pattern of GPT-2, which byte-level pre-tokenizers use when none is given.</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly string[] Foreign = ["&&", "[[", "[:"];
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(10);

    /// <summary>For each general category a character of it; not assigned when it is none of these.</summary>
    private static readonly Dictionary<UnicodeCategory, char> StandIns = new()
    {
        [UnicodeCategory.UppercaseLetter] = '\u10A0',
        [UnicodeCategory.LowercaseLetter] = '\u1D00',
        [UnicodeCategory.ModifierLetter] = '\uA4F8',
        [UnicodeCategory.OtherLetter] = '\uA500',
        [UnicodeCategory.NonSpacingMark] = '\uA6F0',
        [UnicodeCategory.SpacingCombiningMark] = '\uA880',
        [UnicodeCategory.EnclosingMark] = '\uA670',
        [UnicodeCategory.DecimalDigitNumber] = '\uA620',
        [UnicodeCategory.LetterNumber] = '\uA6E6',
        [UnicodeCategory.OtherNumber] = '\uA830',
        [UnicodeCategory.OtherPunctuation] = '\uA60D',
        [UnicodeCategory.DashPunctuation] = '\u1806',
        [UnicodeCategory.MathSymbol] = '\uFB29',
        [UnicodeCategory.CurrencySymbol] = '\uA838',
        [UnicodeCategory.ModifierSymbol] = '\uA720',
        [UnicodeCategory.OtherSymbol] = '\uA490',
        [UnicodeCategory.Format] = '\u180E',
        [UnicodeCategory.PrivateUse] = '\uE000',
    };

    private const char Unassigned = '\u0378';

    private readonly Regex _regex;

    /// <exception cref="BadInputException">The pattern is no regex that is understood here.</exception>
    public SplitPattern(string pattern)
    {
        // These mean something else in the regex dialect of tokenizer files than in .NET's; taking them as they are would cut words silently wrong.
        if (Foreign.FirstOrDefault(part => pattern.Contains(part, StringComparison.Ordinal)) is { } foreign)
            throw new BadInputException($"pattern of pre-tokenizer Split holds '{foreign}', which is not supported");
        if (pattern.Any(char.IsSurrogate))
            throw new BadInputException("pattern of pre-tokenizer Split holds a character beyond U+FFFF, which is not supported");
        if (LiteralRange().Matches(pattern).FirstOrDefault(range => StandIns.Values.Any(c => range.ValueSpan[0] <= c && c <= range.ValueSpan[^1])) is { } wide)
            throw new BadInputException($"pattern of pre-tokenizer Split holds the range {wide.Value}, which is not supported");
        try
        {
            // Multiline: $ is the end of any line in that dialect.
            _regex = new Regex(CaseFolded(pattern), RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.Compiled, MatchLimit);
        }
        catch (ArgumentException e)
        {
            throw new BadInputException($"pattern of pre-tokenizer Split is not understood: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Matches and what lies between them, in order; together the whole text.</summary>
    /// <param name="text">Without lone surrogates.</param>
    /// <param name="inverted">What lies between the matches is the delimiter.</param>
    /// <exception cref="BadInputException">The pattern takes too long on this text.</exception>
    public List<Stretch> Stretches(ReadOnlySpan<char> text, bool inverted)
    {
        var standIn = StandIn(text, out var starts);
        var stretches = new List<Stretch>(text.Length / 4);
        var end = 0;
        try
        {
            foreach (var match in _regex.EnumerateMatches(standIn))
            {
                Add(end, match.Index, isMatch: false);
                Add(match.Index, end = match.Index + match.Length, isMatch: true);
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new BadInputException($"the tokenizer's pattern took longer than {MatchLimit.TotalSeconds} s on one text", e);
        }
        Add(end, standIn.Length, isMatch: false);
        return stretches;

        void Add(int from, int to, bool isMatch)
        {
            if (from < to)
                stretches.Add(starts is null ? new Stretch(from, to, isMatch != inverted) : new Stretch(starts[from], starts[to], isMatch != inverted));
        }
    }

    /// <summary>A range between two characters beyond ASCII.</summary>
    [GeneratedRegex(@"[^\0-\x7F]-[^\0-\x7F]")]
    private static partial Regex LiteralRange();

    /// <summary>Regardless of case, that dialect takes the long s (U+017F) for an s, and the Kelvin sign for a k; .NET's only the latter.</summary>
    private static string CaseFolded(string pattern) => CaseBlind().Replace(pattern, group => group.Value.Replace("s", "[s\u017F]", StringComparison.Ordinal));

    [GeneratedRegex(@"\(\?i:['a-z|]*\)")]
    private static partial Regex CaseBlind();

    /// <param name="text">Without lone surrogates.</param>
    /// <param name="starts">Where each character of the stand-in starts in the text, with the end at last; null when they are the same.</param>
    private static ReadOnlySpan<char> StandIn(ReadOnlySpan<char> text, out int[]? starts)
    {
        starts = null;
        if (!text.ContainsAnyInRange('\uD800', '\uDFFF'))
            return text;
        var letters = new char[text.Length];
        starts = new int[text.Length + 1];
        int at = 0, count = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            starts[count] = at;
            letters[count++] = rune.IsBmp ? (char)rune.Value : StandIns.GetValueOrDefault(Rune.GetUnicodeCategory(rune), Unassigned);
            at += rune.Utf16SequenceLength;
        }
        starts[count] = at;
        return letters.AsSpan(0, count);
    }
}
