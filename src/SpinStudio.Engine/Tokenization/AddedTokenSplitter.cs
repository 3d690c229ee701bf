using System.Globalization;
using System.Text;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Finds added tokens in a text: leftmost first, the longest of those that start at the same place.</summary>
internal sealed class AddedTokenSplitter
{
    private readonly Dictionary<char, AddedToken[]> _byFirst;

    public AddedTokenSplitter(IEnumerable<AddedToken> tokens) =>
        _byFirst = tokens.Where(token => token.Content.Length > 0)
            .GroupBy(token => token.Content[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Content.Length).ToArray());

    /// <summary>There are no tokens to find.</summary>
    public bool IsEmpty => _byFirst.Count == 0;

    /// <summary>The text cut at its added tokens. Pieces of text come with a null token; each piece with where it starts.</summary>
    public IEnumerable<(string Text, AddedToken? Token, int Start)> Split(string text)
    {
        var done = 0;
        for (var at = 0; at < text.Length;)
        {
            if (Longest(text, at) is not { } token)
            {
                at++;
                continue;
            }
            int start = at, end = at + token.Content.Length;
            at = end;
            if (token.SingleWord && (EndsInWord(text.AsSpan(0, start)) || StartsWithWord(text.AsSpan(end))))
                continue;
            if (token.LeftStrip)
                start = done + text.AsSpan(done, start - done).TrimEnd().Length;
            if (token.RightStrip)
                at = end = text.Length - text.AsSpan(end).TrimStart().Length;
            if (start > done)
                yield return (text[done..start], null, done);
            yield return (token.Content, token, start);
            done = end;
        }
        if (done < text.Length)
            yield return (done == 0 ? text : text[done..], null, done);
    }

    /// <summary>The longest token that starts here.</summary>
    public AddedToken? Longest(string text, int at)
    {
        if (!_byFirst.TryGetValue(text[at], out var candidates))
            return null;
        foreach (var token in candidates)
        {
            if (string.CompareOrdinal(text, at, token.Content, 0, token.Content.Length) == 0)
                return token;
        }
        return null;
    }

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out var rune, out _) == System.Buffers.OperationStatus.Done && IsWord(rune);

    private static bool EndsInWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out var rune, out _) == System.Buffers.OperationStatus.Done && IsWord(rune);

    private static bool IsWord(Rune rune) => Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.LetterNumber;
}
