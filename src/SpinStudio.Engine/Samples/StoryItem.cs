using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpinStudio.Engine.Samples;

/// <summary>A story of two sentences with a given hero, trait, animal and object.</summary>
public sealed record StoryItem(string Hero, string Trait, string Animal, string Object) : SampleItem
{
    public const string KindName = "story";

    public override string Kind => KindName;

    public override string Combination => $"{Hero} {Trait} {Animal} {Object}";

    public static StoryItem Draw(SampleRandom random) => new(
        random.Of(Vocabulary.Heroes), random.Of(Vocabulary.Traits), random.Of(Vocabulary.Animals), random.Of(Vocabulary.Objects));

    public override string Prompt(SampleRandom random) => Fill(random.Of(Prompts));

    public override string Good(SampleRandom random)
    {
        (string first, string second) = Sentences(random);
        return $"{Fill(first)} {Fill(second)}";
    }

    public override string Sloppy(SampleRandom random)
    {
        (string first, string second) = Sentences(random);
        return random.Below(8) switch
        {
            0 => Fill(first),
            1 => $"{Fill(first)} {Fill(first)}",
            2 => $"{Fill(second)} {Fill(first)}",
            3 => Stutter(random, $"{Fill(first)} {Fill(second)}"),
            4 => Mistake(random, first, second, static (item, r) => item with { Hero = r.Except(Vocabulary.Heroes, item.Hero) }, "{A}"),
            5 => Mistake(random, first, second, static (item, r) => item with { Trait = r.Except(Vocabulary.Traits, item.Trait) }, "{t}"),
            6 => Mistake(random, first, second, static (item, r) => item with { Animal = r.Except(Vocabulary.Animals, item.Animal) }, "{n}"),
            _ => Mistake(random, first, second, static (item, r) => item with { Object = r.Except(Vocabulary.Objects, item.Object) }, "{o}"),
        };
    }

    protected override JsonObject Facts() => new() { ["hero"] = Hero, ["trait"] = Trait, ["animal"] = Animal, ["object"] = Object };

    /// <summary>
    /// Exactly two different sentences, each with a capital at its start; hero and trait in the first; animal and object somewhere; no other
    /// hero, trait, animal or object; pronouns that suit the hero; no word twice in a row.
    /// </summary>
    public static bool Passes(JsonElement check, string answer)
    {
        string Fact(string name) => check.GetProperty(name).GetString()!;
        (string hero, string trait, string animal, string thing) = (Fact("hero"), Fact("trait"), Fact("animal"), Fact("object"));

        List<string[]>? sentences = Prose.Sentences(answer);
        if (sentences is not [var first, var second] || first.SequenceEqual(second) || Prose.Stutters(first) || Prose.Stutters(second))
        {
            return false;
        }
        string[] words = [.. first, .. second];
        string[] strangers = Vocabulary.Girls.Contains(hero) ? ["he", "him", "his", "He", "His", "boy"] : ["she", "her", "She", "Her", "girl"];
        return first.Contains(hero) && first.Contains(trait) && words.Contains(animal) && words.Contains(thing)
            && Only(words, Vocabulary.Heroes, hero) && Only(words, Vocabulary.Traits, trait)
            && Only(words, Vocabulary.Animals, animal) && Only(words, Vocabulary.Objects, thing)
            && !words.Any(strangers.Contains);
    }

    private static bool Only(string[] words, IReadOnlyList<string> vocabulary, string asked) =>
        words.All(word => word == asked || !vocabulary.Contains(word));

    private static (string First, string Second) Sentences(SampleRandom random) => random.Chance(0.6)
        ? (random.Of(AnimalFirst), random.Of(ObjectSecond))
        : (random.Of(ObjectFirst), random.Of(AnimalSecond));

    /// <summary>One sentence is filled with a wrong word: of those that use the slot, one by chance.</summary>
    private string Mistake(SampleRandom random, string first, string second, Func<StoryItem, SampleRandom, StoryItem> confuse, string slot)
    {
        StoryItem wrong = confuse(this, random);
        bool inFirst = Uses(first, slot) && (!Uses(second, slot) || random.Chance(0.5));
        return inFirst ? $"{wrong.FillAs(first, this)} {Fill(second)}" : $"{Fill(first)} {wrong.FillAs(second, this)}";
    }

    private static bool Uses(string template, string slot) => slot switch
    {
        "{t}" => template.Contains("{t}", StringComparison.Ordinal) || template.Contains("{at}", StringComparison.Ordinal),
        "{n}" => template.Contains("{n}", StringComparison.Ordinal) || template.Contains("{an}", StringComparison.Ordinal) || template.Contains("{An}", StringComparison.Ordinal),
        "{o}" => template.Contains("{ao}", StringComparison.Ordinal),
        _ => template.Contains(slot, StringComparison.Ordinal),
    };

    private static string Stutter(SampleRandom random, string text)
    {
        List<string> words = [.. text.Split(' ')];
        int at;
        do
        {
            at = 1 + random.Below(words.Count - 1);
        }
        while (!char.IsLower(words[at][0]) || !char.IsLetter(words[at][^1]));
        words.Insert(at, words[at]);
        return string.Join(' ', words);
    }

    private string Fill(string template) => FillAs(template, this);

    /// <summary>Fills in the words; pronouns are those of <paramref name="person"/>.</summary>
    private string FillAs(string template, StoryItem person)
    {
        bool girl = Vocabulary.Girls.Contains(person.Hero);
        return template
            .Replace("{A}", Hero, StringComparison.Ordinal)
            .Replace("{at}", $"{Vocabulary.Article(Trait)} {Trait}", StringComparison.Ordinal)
            .Replace("{t}", Trait, StringComparison.Ordinal)
            .Replace("{an}", $"{Vocabulary.Article(Animal)} {Animal}", StringComparison.Ordinal)
            .Replace("{An}", $"{(Vocabulary.Article(Animal) == "an" ? "An" : "A")} {Animal}", StringComparison.Ordinal)
            .Replace("{n}", Animal, StringComparison.Ordinal)
            .Replace("{ao}", $"{Vocabulary.Article(Object)} {Object}", StringComparison.Ordinal)
            .Replace("{k}", girl ? "girl" : "boy", StringComparison.Ordinal)
            .Replace("{he}", girl ? "she" : "he", StringComparison.Ordinal)
            .Replace("{him}", girl ? "her" : "him", StringComparison.Ordinal)
            .Replace("{his}", girl ? "her" : "his", StringComparison.Ordinal);
    }

    private static readonly string[] Prompts =
    [
        "Write a two-sentence story about {at} {k} named {A}, {his} {n} and {ao}.",
        "Tell me a story in two sentences about {A}, {at} {k} with {an} and {ao}.",
        "Please write a story of two sentences. It needs {at} {k} called {A}, {an} and {ao}.",
        "Can you tell a two-sentence story with {at} {k} named {A}, {an} and {ao}?",
        "I would like a two-sentence story: {A} is {at} {k}, and there should be {an} and {ao} in it.",
        "Make up a story in two sentences in which {at} {k} named {A} meets {an} and finds {ao}.",
    ];

    private static readonly string[] AnimalFirst =
    [
        "{A} was {at} {k} who lived with {an} by the sea.",
        "Once there was {at} {k} named {A} who had {an} for a friend.",
        "{A}, {at} {k}, took {his} {n} for a walk in the woods.",
        "In a small village lived {A}, {at} {k} with {an}.",
        "One morning the {t} {k} {A} and {his} {n} went down to the river.",
        "Nobody was as {t} as {A}, the {k} who looked after {an}.",
        "{A} was so {t} that even {his} {n} followed {him} everywhere.",
        "Far away, {at} {k} called {A} shared a house with {an}.",
    ];

    private static readonly string[] ObjectSecond =
    [
        "There they found {ao} under an old tree.",
        "One day the {n} brought {him} {ao}.",
        "When it got dark, {he} held {ao} and sang all the way home.",
        "At night {he} kept {ao} close to {his} bed.",
        "In the end {A} gave {ao} to the {n}.",
        "Together they hid {ao} where nobody would look.",
        "Later {A} traded some bread for {ao}.",
        "That evening the {n} slept beside {ao}.",
    ];

    private static readonly string[] ObjectFirst =
    [
        "{A}, {at} {k}, found {ao} on the road to town.",
        "One winter the {t} {k} {A} carried {ao} over the hill.",
        "Once {at} {k} named {A} dreamed of {ao}.",
        "There was {at} {k} called {A} who owned {ao}.",
        "{A} was {at} {k} and never went out without {ao}.",
        "On a rainy day the {t} {k} {A} repaired {ao}.",
    ];

    private static readonly string[] AnimalSecond =
    [
        "On the way home {he} met {an} and made a friend.",
        "{An} came by and wanted to play with {him}.",
        "A moment later {an} ran off with it.",
        "The {n} next door watched {him} and smiled.",
        "{A} showed it to {his} {n}, and both were happy.",
        "Then {an} helped {him} carry it home.",
    ];

    /// <summary>All sentence templates, for tests.</summary>
    internal static IEnumerable<string> Templates => [.. AnimalFirst, .. ObjectSecond, .. ObjectFirst, .. AnimalSecond];
}
