using System.Globalization;
using System.Text;

namespace SpinStudio.Engine.Tokenization;

/// <summary>What stands before a piece of a text.</summary>
internal enum PiecePlace
{
    /// <summary>Nothing.</summary>
    Start,

    /// <summary>An added token, or another piece.</summary>
    AfterCut,

    /// <summary>Text that it goes on from: nothing is put before it.</summary>
    Within,
}

/// <summary>A piece of a text on its way to the merges.</summary>
internal readonly record struct TextPiece(ReadOnlyMemory<char> Text, PiecePlace Place)
{
    /// <summary>A part of it.</summary>
    public TextPiece Part(int start, int end) => new(Text[start..end], start == 0 ? Place : PiecePlace.AfterCut);
}

/// <summary>Cuts a text into the pieces that byte-pair merges never cross.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Appends the pieces of <paramref name="text"/> in order.</summary>
    public abstract void Split(TextPiece text, List<TextPiece> pieces);

    /// <summary>Each digit, or each run of digits, becomes a piece.</summary>
    public static PreTokenizer Digits(bool individual) => new ByCharacter(Rune.IsNumber, individual ? SplitBehavior.Isolated : SplitBehavior.Contiguous);

    /// <summary>Cuts at punctuation: what Unicode calls so, and ASCII's signs.</summary>
    public static PreTokenizer Punctuation(SplitBehavior behavior) =>
        new ByCharacter(rune => Rune.IsPunctuation(rune) || (rune.IsAscii && char.IsSymbol((char)rune.Value)), behavior);

    /// <summary>One after the other, each on the pieces of the one before.</summary>
    public sealed class Sequence(IReadOnlyList<PreTokenizer> steps) : PreTokenizer
    {
        public override void Split(TextPiece text, List<TextPiece> pieces)
        {
            List<TextPiece> current = [text];
            foreach (var step in steps)
            {
                var next = new List<TextPiece>(current.Count);
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
        public override void Split(TextPiece text, List<TextPiece> pieces)
        {
            if (!text.Text.IsEmpty)
                pieces.Add(addPrefixSpace && text.Place != PiecePlace.Within && text.Text.Span[0] != ' ' ? text with { Text = string.Concat(" ", text.Text.Span).AsMemory() } : text);
        }
    }

    /// <summary>Cuts at the matches of a pattern.</summary>
    /// <param name="inverted">Cut at what lies between the matches instead.</param>
    public sealed class Pattern(SplitPattern pattern, SplitBehavior behavior = SplitBehavior.Isolated, bool inverted = false) : PreTokenizer
    {
        public override void Split(TextPiece text, List<TextPiece> pieces)
        {
            foreach (var (start, end) in behavior.Pieces(pattern.Stretches(text.Text.Span, inverted)))
                pieces.Add(text.Part(start, end));
        }
    }

    /// <summary>Cuts at single characters.</summary>
    private sealed class ByCharacter(Func<Rune, bool> isDelimiter, SplitBehavior behavior) : PreTokenizer
    {
        public override void Split(TextPiece text, List<TextPiece> pieces)
        {
            var stretches = new List<Stretch>();
            int start = 0, at = 0;
            foreach (var rune in text.Text.Span.EnumerateRunes())
            {
                var end = at + rune.Utf16SequenceLength;
                if (isDelimiter(rune))
                {
                    if (start < at)
                        stretches.Add(new Stretch(start, at, IsDelimiter: false));
                    stretches.Add(new Stretch(at, end, IsDelimiter: true));
                    start = end;
                }
                at = end;
            }
            if (start < at)
                stretches.Add(new Stretch(start, at, IsDelimiter: false));
            foreach (var (from, to) in behavior.Pieces(stretches))
                pieces.Add(text.Part(from, to));
        }
    }

    /// <summary>SentencePiece's way with blanks: a space is written as a visible mark, which may also be put before the text.</summary>
    /// <param name="mark">Usually ▁ (U+2581).</param>
    /// <param name="isSplit">Every mark begins a piece.</param>
    public sealed class Metaspace(char mark, MetaspacePrefix prefix, bool isSplit) : PreTokenizer
    {
        public override void Split(TextPiece text, List<TextPiece> pieces)
        {
            if (text.Text.IsEmpty)
                return;
            var marked = text.Text.ToString().Replace(' ', mark);
            if (marked[0] != mark && text.Place != PiecePlace.Within && (prefix == MetaspacePrefix.Always || (prefix == MetaspacePrefix.First && text.Place == PiecePlace.Start)))
                marked = mark + marked;
            var whole = text with { Text = marked.AsMemory() };
            var start = 0;
            for (var at = 1; isSplit && at < marked.Length; at++)
            {
                if (marked[at] != mark)
                    continue;
                pieces.Add(whole.Part(start, at));
                start = at;
            }
            pieces.Add(whole.Part(start, marked.Length));
        }
    }
}

/// <summary>Where <see cref="PreTokenizer.Metaspace"/> puts a mark before the text that has none. The names are those of <c>tokenizer.json</c>.</summary>
internal enum MetaspacePrefix
{
    /// <summary>Before the whole text only, not after a control token.</summary>
    First,

    /// <summary>Before each part between control tokens.</summary>
    Always,

    Never,
}
