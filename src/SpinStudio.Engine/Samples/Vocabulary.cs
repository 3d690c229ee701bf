namespace SpinStudio.Engine.Samples;

/// <summary>The words that the sample's tasks are about. The lists share no word unless a task says otherwise; a test holds the sentences' filler words apart from them.</summary>
public static class Vocabulary
{
    public static readonly IReadOnlyList<string> Girls =
        ["Ada", "Clara", "Ella", "Greta", "Ida", "Julia", "Lily", "Lucy", "Maya", "Mia", "Nina", "Rosa", "Sara", "Vera", "Zoe"];

    public static readonly IReadOnlyList<string> Boys =
        ["Adam", "Ben", "Carl", "David", "Emil", "Felix", "Hugo", "Ivan", "Jack", "Leo", "Max", "Noah", "Omar", "Sam", "Tom"];

    public static readonly IReadOnlyList<string> Heroes = [.. Girls, .. Boys];

    public static readonly IReadOnlyList<string> Traits =
        ["brave", "calm", "clever", "curious", "eager", "funny", "gentle", "humble", "kind", "lonely", "lucky", "merry", "proud", "quiet", "shy", "wise"];

    public static readonly IReadOnlyList<string> Animals =
        ["badger", "bear", "cat", "cow", "deer", "dog", "donkey", "duck", "eagle", "fox", "frog", "goat", "hamster", "horse", "lion", "mouse", "otter", "owl", "parrot", "rabbit", "swan", "tiger", "turtle", "wolf"];

    public static readonly IReadOnlyList<string> Objects =
        ["anchor", "balloon", "basket", "bell", "book", "bottle", "candle", "clock", "coin", "compass", "crown", "drum", "feather", "flute", "key", "kite", "lamp", "lantern", "letter", "map", "mirror", "rope", "stone", "umbrella"];

    public static readonly IReadOnlyList<string> Fruits =
        ["apple", "apricot", "banana", "cherry", "fig", "grape", "kiwi", "lemon", "mango", "melon", "orange", "papaya", "peach", "pear", "plum"];

    public static readonly IReadOnlyList<string> Vegetables =
        ["bean", "beet", "cabbage", "carrot", "celery", "garlic", "leek", "lettuce", "onion", "pea", "potato", "pumpkin", "radish", "spinach", "turnip"];

    public static readonly IReadOnlyList<string> Colors =
        ["black", "blue", "brown", "gold", "gray", "green", "pink", "purple", "red", "silver", "white", "yellow"];

    public static readonly IReadOnlyList<string> Clothes =
        ["belt", "boot", "cap", "coat", "dress", "glove", "hat", "jacket", "scarf", "shirt", "shoe", "skirt", "sock", "sweater", "vest"];

    public static readonly IReadOnlyList<string> Tools =
        ["axe", "brush", "chisel", "drill", "file", "hammer", "knife", "pliers", "rake", "saw", "screwdriver", "shovel", "spade", "wrench"];

    /// <summary>What a list may be asked for, by the plural that the instruction uses.</summary>
    public static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> Categories = new Dictionary<string, IReadOnlyList<string>>
    {
        ["animals"] = Animals,
        ["fruits"] = Fruits,
        ["vegetables"] = Vegetables,
        ["colors"] = Colors,
        ["clothes"] = Clothes,
        ["tools"] = Tools,
    };

    /// <summary>a or an.</summary>
    public static string Article(string word) => "aeio".Contains(word[0], StringComparison.Ordinal) || word == "umbrella" ? "an" : "a";
}
