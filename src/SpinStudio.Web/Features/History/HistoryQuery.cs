using System.Globalization;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.History;

/// <summary>Which runs lie where: those at hand, those put away, those thrown away.</summary>
public enum Shelf
{
    Active,
    Archived,
    Trash,
    All,
}

/// <summary>What a list of runs can be sorted by. Missing figures come last, whichever way it is sorted.</summary>
public enum RunSort
{
    Created,
    Ended,
    Name,
    Status,
    Kind,
    Dataset,
    Model,
    Person,
    Progress,
    Duration,
    Steps,
    Loss,
    LossMin,
    LossMax,
    Exact,
    ExactBest,
    ExactChange,
    Nll,
    NllBest,
}

public enum RunGrouping
{
    None,
    Dataset,
    Model,
    Status,
    Kind,
    Person,
    Tag,
    Sweep,
}

/// <summary>Which runs, in which order. Everything is in the address of the page, in the same words as in the API.</summary>
public sealed record HistoryQuery
{
    public const int LongestSearch = 200;
    public const int LargestPage = 500;
    private const int MostValues = 20;

    /// <summary>Each word has to be in the name, the notes, a tag, the sweep's, the dataset's, the model's or the person's name.</summary>
    public string? Search { get; init; }

    /// <summary>Any of these; empty: all.</summary>
    public IReadOnlyList<RunStatus> Status { get; init; } = [];

    /// <summary>spin or sft.</summary>
    public string? Kind { get; init; }

    public Guid? Dataset { get; init; }

    public Guid? Model { get; init; }

    public Guid? Person { get; init; }

    /// <summary>All of these.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Name of a sweep.</summary>
    public string? Sweep { get; init; }

    /// <summary>Created on this day (UTC) or later.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Created on this day (UTC) or earlier.</summary>
    public DateOnly? To { get; init; }

    public Shelf Shelf { get; init; }

    public RunSort Sort { get; init; }

    public bool Descending { get; init; } = true;

    public RunGrouping Group { get; init; }

    /// <summary>From 1.</summary>
    public int Page { get; init; } = 1;

    public int Size { get; init; } = 50;

    /// <summary>Something narrows the list down.</summary>
    public bool Filtered =>
        Search is not null || Status.Count > 0 || Kind is not null || Dataset is not null || Model is not null || Person is not null || Tags.Count > 0 || Sweep is not null || From is not null || To is not null;

    /// <summary>Reads the parameters of an address.</summary>
    /// <exception cref="StudioException">A value is unknown or beyond its limit.</exception>
    public static HistoryQuery Parse(Func<string, string?> parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        var search = Text("q");
        if (search?.Length > LongestSearch)
        {
            throw new StudioException(Refusal.Invalid, $"The search has {search.Length} characters; at most {LongestSearch} are looked for.");
        }

        var sort = Text("sort") ?? "-created";
        return new HistoryQuery
        {
            Search = search,
            Status = [.. List("status").Select(value => Choice<RunStatus>("status", value))],
            Kind = Text("kind") switch { null => null, "spin" or "sft" or "dpo" => Text("kind"), { } other => throw Unknown("kind", other, "spin, sft, dpo") },
            Dataset = Id("dataset"),
            Model = Id("model"),
            Person = Id("person"),
            Tags = List("tag"),
            Sweep = Text("sweep"),
            From = Day("from"),
            To = Day("to"),
            Shelf = Text("show") is { } shelf ? Choice<Shelf>("show", shelf) : Shelf.Active,
            Sort = Choice<RunSort>("sort", sort.TrimStart('-')),
            Descending = sort.StartsWith('-'),
            Group = Text("group") is { } group ? Choice<RunGrouping>("group", group) : RunGrouping.None,
            Page = Number("at", 1, 1_000_000, 1),
            Size = Number("size", 1, LargestPage, 50),
        };

        string? Text(string name) => parameter(name)?.Trim() is { Length: > 0 } text ? text : null;

        string[] List(string name)
        {
            var values = Text(name)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
            return values.Length <= MostValues ? values : throw new StudioException(Refusal.Invalid, $"{name} holds {values.Length} values; at most {MostValues} are allowed.");
        }

        Guid? Id(string name) => Text(name) is not { } text ? null : Guid.TryParse(text, out var id) ? id : throw new StudioException(Refusal.Invalid, $"{name} must be an id (got '{text}').");

        DateOnly? Day(string name) => Text(name) is not { } text ? null
            : DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day
            : throw new StudioException(Refusal.Invalid, $"{name} must be a day such as 2026-11-22 (got '{text}').");

        int Number(string name, int low, int high, int otherwise) => Text(name) is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= low && number <= high ? number
            : throw new StudioException(Refusal.Invalid, $"{name} must be a whole number from {low} to {high} (got '{text}').");
    }

    /// <summary>The same as parameters of an address; null where nothing is asked for.</summary>
    public IReadOnlyDictionary<string, object?> Parameters() => new Dictionary<string, object?>
    {
        ["q"] = Search,
        ["status"] = Joined(Status.Select(Word)),
        ["kind"] = Kind,
        ["dataset"] = Dataset,
        ["model"] = Model,
        ["person"] = Person,
        ["tag"] = Joined(Tags),
        ["sweep"] = Sweep,
        ["from"] = From?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ["to"] = To?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ["show"] = Shelf == Shelf.Active ? null : Word(Shelf),
        ["sort"] = Sort == RunSort.Created && Descending ? null : (Descending ? "-" : "") + Word(Sort),
        ["group"] = Group == RunGrouping.None ? null : Word(Group),
        ["at"] = Page > 1 ? Page : null,
        ["size"] = Size == 50 ? null : Size,
    };

    /// <summary>An enum's value as addresses write it: <c>loss_min</c>.</summary>
    public static string Word<T>(T value) where T : struct, Enum => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static string? Joined(IEnumerable<string> values) => string.Join(',', values) is { Length: > 0 } text ? text : null;

    private static T Choice<T>(string name, string value) where T : struct, Enum
    {
        foreach (var known in Enum.GetValues<T>())
        {
            if (string.Equals(Word(known), value, StringComparison.OrdinalIgnoreCase))
            {
                return known;
            }
        }

        throw Unknown(name, value, string.Join(", ", Enum.GetValues<T>().Select(Word)));
    }

    private static StudioException Unknown(string name, string value, string known) => new(Refusal.Invalid, $"{name} must be one of {known} (got '{value}').");
}
