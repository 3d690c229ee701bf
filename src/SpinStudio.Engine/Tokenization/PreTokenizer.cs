using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Cuts a text into the pieces that byte-pair merges never cross.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Appends the pieces of <paramref name="text"/> in order; together they are the whole text.</summary>
    public abstract void Split(ReadOnlyMemory<char> text, List<ReadOnlyMemory<char>> pieces);

    /// <summary>One after the other, each on the pieces of the one before.</summary>
    public sealed class Sequence(IReadOnlyList<PreTokenizer> steps) : PreTokenizer
    {
        public override void Split(ReadOnlyMemory<char> text, List<ReadOnlyMemory<char>> pieces)
        {
            List<ReadOnlyMemory<char>> current = [text];
            foreach (var step in steps)
            {
                var next = new List<ReadOnlyMemory<char>>();
                foreach (var piece in current)
                    step.Split(piece, next);
                current = next;
            }
            pieces.AddRange(current);
        }
    }

    /// <summary>Leaves the text whole, apart from a space put before it where it does not start with one.</summary>
    public sealed class Whole(bool addPrefixSpace) : PreTokenizer
    {
        public override void Split(ReadOnlyMemory<char> text, List<ReadOnlyMemory<char>> pieces)
        {
            if (!text.IsEmpty)
                pieces.Add(addPrefixSpace && text.Span[0] != ' ' ? string.Concat(" ", text.Span).AsMemory() : text);
        }
    }

    /// <summary>Matches of a pattern and what lies between them become pieces of their own.</summary>
    /// <remarks>
    /// .NET's regex sees UTF-16 units, so that \p{L} fails on letters beyond U+FFFF. Matching therefore runs on a stand-in of the text in which each such
    /// code point is one character of the same general category.
    /// </remarks>
    public sealed class Pattern : PreTokenizer
    {
        /// <summary>The pattern of GPT-2, which byte-level pre-tokenizers use when none is given.</summary>
        public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

        private static readonly string[] Foreign = ["&&", "[[", "[:"];
        private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(10);
        private readonly Regex _regex;

        /// <exception cref="BadInputException">The pattern is no regex that is understood here.</exception>
        public Pattern(string pattern)
        {
            // These mean something else in the regex dialect of tokenizer files than in .NET's; taking them as they are would cut words silently wrong.
            if (Foreign.FirstOrDefault(part => pattern.Contains(part, StringComparison.Ordinal)) is { } foreign)
                throw new BadInputException($"pattern of pre-tokenizer Split holds '{foreign}', which is not supported");
            if (pattern.Any(char.IsSurrogate))
                throw new BadInputException("pattern of pre-tokenizer Split holds a character beyond U+FFFF, which is not supported");
            try
            {
                // Multiline: $ is the end of any line in that dialect.
                _regex = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.Compiled, MatchLimit);
            }
            catch (ArgumentException e)
            {
                throw new BadInputException($"pattern of pre-tokenizer Split is not understood: {e.Message.ReplaceLineEndings(" ")}", e);
            }
        }

        public override void Split(ReadOnlyMemory<char> text, List<ReadOnlyMemory<char>> pieces)
        {
            var standIn = StandIn(text.Span, out var starts);
            var end = 0;
            try
            {
                foreach (var match in _regex.EnumerateMatches(standIn))
                {
                    if (match.Length == 0)
                        continue;
                    Add(end, match.Index);
                    Add(match.Index, end = match.Index + match.Length);
                }
            }
            catch (RegexMatchTimeoutException e)
            {
                throw new BadInputException($"the tokenizer's pattern took longer than {MatchLimit.TotalSeconds} s on one text", e);
            }
            Add(end, standIn.Length);

            void Add(int from, int to)
            {
                if (from < to)
                    pieces.Add(starts is null ? text[from..to] : text[starts[from]..starts[to]]);
            }
        }

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
                letters[count++] = rune.IsBmp ? (char)rune.Value : OfSameCategory(rune);
                at += rune.Utf16SequenceLength;
            }
            starts[count] = at;
            return letters.AsSpan(0, count);
        }

        private static char OfSameCategory(Rune rune) => Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter => '\u00C0',
            UnicodeCategory.LowercaseLetter => '\u00DF',
            UnicodeCategory.ModifierLetter => '\u02B0',
            UnicodeCategory.OtherLetter => '\u3042',
            UnicodeCategory.NonSpacingMark => '\u0300',
            UnicodeCategory.SpacingCombiningMark => '\u0903',
            UnicodeCategory.EnclosingMark => '\u0488',
            UnicodeCategory.DecimalDigitNumber => '\u0660',
            UnicodeCategory.LetterNumber => '\u2160',
            UnicodeCategory.OtherNumber => '\u00B2',
            UnicodeCategory.OtherPunctuation => '\u00A1',
            UnicodeCategory.DashPunctuation => '\u2010',
            UnicodeCategory.MathSymbol => '\u00B1',
            UnicodeCategory.CurrencySymbol => '\u00A3',
            UnicodeCategory.ModifierSymbol => '\u00A8',
            UnicodeCategory.OtherSymbol => '\u00A9',
            UnicodeCategory.Format => '\u00AD',
            UnicodeCategory.PrivateUse => '\uE000',
            _ => '\u0378', // not assigned
        };
    }

    /// <summary>Numbers become pieces of their own: each digit, or each run of digits.</summary>
    public sealed class Digits(bool individual) : PreTokenizer
    {
        public override void Split(ReadOnlyMemory<char> text, List<ReadOnlyMemory<char>> pieces)
        {
            int start = 0, at = 0;
            var startIsNumber = false;
            foreach (var rune in text.Span.EnumerateRunes())
            {
                var isNumber = Rune.IsNumber(rune);
                if (at > start && (isNumber != startIsNumber || (isNumber && individual)))
                {
                    pieces.Add(text[start..at]);
                    start = at;
                }
                startIsNumber = isNumber;
                at += rune.Utf16SequenceLength;
            }
            if (at > start)
                pieces.Add(text[start..at]);
        }
    }
}
