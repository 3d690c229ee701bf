namespace SpinStudio.Engine.Samples;

/// <summary>Sentences and words, as far as the sample's short answers need them.</summary>
internal static class Prose
{
    /// <summary>
    /// The words of each sentence, without punctuation. Null when the text does not end with a full stop, has an empty sentence, or has one that does not start with a capital.
    /// </summary>
    public static List<string[]>? Sentences(string text)
    {
        string trimmed = text.Trim();
        if (!trimmed.EndsWith('.'))
        {
            return null;
        }
        List<string[]> sentences = [];
        foreach (string sentence in trimmed[..^1].Split('.'))
        {
            string[] words = Words(sentence);
            if (words.Length == 0 || !char.IsUpper(words[0][0]))
            {
                return null;
            }
            sentences.Add(words);
        }
        return sentences;
    }

    public static string[] Words(string text) =>
        text.Split([' ', '\n', '\t', ',', '.', ':', ';', '!', '?'], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether a word stands twice in a row.</summary>
    public static bool Stutters(string[] words) => words.Zip(words.Skip(1)).Any(pair => pair.First == pair.Second);

    /// <summary>The items of "a, b and c" or "a, b, c", with or without a full stop.</summary>
    public static string[] Items(string text) =>
        text.Trim().TrimEnd('.').Replace(" and ", ", ", StringComparison.Ordinal).Split(',').Select(item => item.Trim()).ToArray();
}
