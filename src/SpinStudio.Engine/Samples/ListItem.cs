using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpinStudio.Engine.Samples;

/// <summary>A list of so many things of a category, with one of them first, somewhere or not at all.</summary>
public sealed record ListItem(string Category, int Count, ListItem.Rule Constraint, string Word) : SampleItem
{
    public const string KindName = "list";

    /// <summary>What is asked of <see cref="Word"/>.</summary>
    public enum Rule
    {
        First,
        With,
        Without,
    }

    public override string Kind => KindName;

    public override string Combination => $"{Category} {Count} {Constraint} {Word}";

    public static ListItem Draw(SampleRandom random)
    {
        string category = random.Of([.. Vocabulary.Categories.Keys]);
        return new(category, 2 + random.Below(3), (Rule)random.Below(3), random.Of(Vocabulary.Categories[category]));
    }

    public override string Prompt(SampleRandom random)
    {
        string constraint = Constraint switch
        {
            Rule.First => random.Of(["and put {w} first", "and begin with {w}"]),
            Rule.With => random.Of(["and include {w}", "one of them {w}"]),
            _ => random.Of(["but not {w}", "and leave out {w}"]),
        };
        return $"{random.Of(Openings)}, {constraint}."
            .Replace("{n}", Numbers[Count], StringComparison.Ordinal)
            .Replace("{c}", Category, StringComparison.Ordinal)
            .Replace("{w}", Word, StringComparison.Ordinal);
    }

    public override string Good(SampleRandom random) => Join(random, Items(random));

    public override string Sloppy(SampleRandom random)
    {
        List<string> items = Items(random);
        switch (random.Below(5))
        {
            case 0:
                items.RemoveAt(items.Count - 1);
                break;
            case 1:
                items.Insert(items.Count, random.Except(Others(items), Word));
                break;
            case 2:
                items[^1] = items[0];
                break;
            case 3:
                string otherCategory = random.Except([.. Vocabulary.Categories.Keys], Category);
                items[^1] = random.Of(Vocabulary.Categories[otherCategory]);
                break;
            default:
                Break(random, items);
                break;
        }
        return Join(random, items);
    }

    protected override JsonObject Facts() => new()
    {
        ["category"] = Category,
        ["count"] = Count,
        [Constraint.ToString().ToLowerInvariant()] = Word,
    };

    /// <summary>As many different things as asked, all of the category, and the constraint kept.</summary>
    public static bool Passes(JsonElement check, string answer)
    {
        string[] items = Prose.Items(answer);
        IReadOnlyList<string> category = Vocabulary.Categories[check.GetProperty("category").GetString()!];
        return items.Length == check.GetProperty("count").GetInt32()
            && items.Distinct().Count() == items.Length
            && items.All(category.Contains)
            && (!check.TryGetProperty("first", out JsonElement first) || items[0] == first.GetString())
            && (!check.TryGetProperty("with", out JsonElement with) || items.Contains(with.GetString()))
            && (!check.TryGetProperty("without", out JsonElement without) || !items.Contains(without.GetString()));
    }

    private List<string> Items(SampleRandom random)
    {
        List<string> items = random.Distinct([.. Vocabulary.Categories[Category].Where(word => word != Word)], Count);
        if (Constraint != Rule.Without)
        {
            items[Constraint == Rule.First ? 0 : random.Below(Count)] = Word;
        }
        return items;
    }

    /// <summary>Breaks the constraint and nothing else.</summary>
    private void Break(SampleRandom random, List<string> items)
    {
        int at = items.IndexOf(Word);
        if (Constraint == Rule.First)
        {
            (items[0], items[^1]) = (items[^1], items[0]);
        }
        else if (Constraint == Rule.With)
        {
            items[at] = random.Except(Others(items), Word);
        }
        else
        {
            items[random.Below(items.Count)] = Word;
        }
    }

    private List<string> Others(List<string> items) => [.. Vocabulary.Categories[Category].Where(word => !items.Contains(word))];

    private static string Join(SampleRandom random, List<string> items) => items.Count == 1 || random.Chance(0.3)
        ? string.Join(", ", items) + "."
        : $"{string.Join(", ", items.SkipLast(1))} and {items[^1]}.";

    private static readonly string[] Numbers = ["zero", "one", "two", "three", "four"];

    private static readonly string[] Openings = ["Name {n} {c}", "List {n} {c}", "Give me {n} {c}", "Please name {n} {c}"];
}
