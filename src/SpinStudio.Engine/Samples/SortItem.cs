using System.Text.Json.Nodes;

namespace SpinStudio.Engine.Samples;

/// <summary>Words to be put into alphabetical order.</summary>
public sealed record SortItem(IReadOnlyList<string> Words) : SampleItem
{
    public const string KindName = "sort";

    public override string Kind => KindName;

    /// <summary>Order of the words in the instruction does not make another combination.</summary>
    public override string Combination => string.Join(' ', Sorted());

    public static SortItem Draw(SampleRandom random) => new(random.Distinct(Sortable, 3 + random.Below(2)));

    public override string Prompt(SampleRandom random) => $"{random.Of(Prompts)}: {string.Join(", ", Words)}.";

    public override string Good(SampleRandom random) => Join(Sorted());

    public override string Sloppy(SampleRandom random)
    {
        List<string> words = Sorted();
        int at = random.Below(words.Count - 1);
        switch (random.Below(4))
        {
            case 0:
                (words[at], words[at + 1]) = (words[at + 1], words[at]);
                break;
            case 1:
                words.RemoveAt(at);
                break;
            case 2:
                words[at] = words[at + 1];
                break;
            default:
                words[at] = random.Of([.. Sortable.Where(word => !words.Contains(word))]);
                break;
        }
        return Join(words);
    }

    protected override JsonObject Facts() => new() { ["answer"] = Join(Sorted()) };

    private List<string> Sorted() => [.. Words.Order(StringComparer.Ordinal)];

    private static string Join(List<string> words) => string.Join(", ", words) + ".";

    private static readonly string[] Prompts = ["Sort these words from A to Z", "Put these words into alphabetical order", "Sort alphabetically"];

    private static readonly IReadOnlyList<string> Sortable = [.. Vocabulary.Fruits, .. Vocabulary.Vegetables];
}
