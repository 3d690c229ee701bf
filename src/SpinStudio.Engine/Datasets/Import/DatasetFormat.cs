using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Datasets.Import;

/// <summary>A column of an uploaded file, for people who map columns by hand.</summary>
/// <param name="Examples">Up to three values, shortened.</param>
public sealed record DatasetColumn(string Name, IReadOnlyList<string> Examples);

/// <summary>A row of an uploaded file as it is there.</summary>
/// <param name="Cells">In the order of the columns, shortened.</param>
public sealed record SampledRow(int Row, IReadOnlyList<string> Cells);

/// <summary>A layout of rows, and how an example is made from one.</summary>
public sealed class DatasetFormat
{
    private const int ShownExamples = 3;
    private const int ShownLength = 240;

    private static readonly (string Prompt, string Response)[] Pairs =
    [
        ("prompt", "response"), ("prompt", "completion"), ("prompt", "answer"), ("prompt", "output"), ("question", "answer"), ("question", "response"), ("instruction", "output"),
        ("instruction", "response"), ("input", "output"), ("query", "response"), ("query", "answer"), ("user", "assistant"),
    ];

    private static readonly string[] SystemColumns = ["system", "system_prompt"];

    private readonly Func<SourceRow, IReadOnlyList<ImportedRow>> _read;

    private DatasetFormat(string name, ColumnMapping? mapping, Func<SourceRow, IReadOnlyList<ImportedRow>> read)
    {
        Name = name;
        Mapping = mapping;
        _read = read;
    }

    /// <summary>Names of all layouts that are recognised.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["prompt and response", "question and answer", "Alpaca", "Dolly", "self-instruct", "messages", "ShareGPT", "UltraChat", "SPIN (real, generated)", "preferences (chosen)"];

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>The columns in use; null where a row decides itself, as preferences do.</summary>
    public ColumnMapping? Mapping { get; }

    /// <summary>Columns that were mapped by hand.</summary>
    internal static DatasetFormat Mapped(ColumnMapping mapping) => Of("columns chosen by hand", mapping);

    /// <summary>Recognises the layout of a file from its first rows; null when the columns have to be mapped by hand.</summary>
    internal static DatasetFormat? Detect(IReadOnlyList<SourceRow> sample)
    {
        var rows = sample.Where(row => row.Problem is null).ToList();
        if (IsList("real"))
            return Of("SPIN (real, generated)", new ColumnMapping(null, null, Messages: "real"));
        if (Has("chosen") && (Has("prompt") || IsList("chosen")))
            return new DatasetFormat("preferences (chosen)", null, row => [FromPreference(row)]);
        if (IsList("messages"))
            return Of("messages", new ColumnMapping(null, null, Messages: "messages"));
        if (IsList("conversations"))
            return Of("ShareGPT", new ColumnMapping(null, null, Messages: "conversations"));
        if (IsTexts("data"))
            return Of("UltraChat", new ColumnMapping(null, null, Messages: "data"));
        if (Has("instruction") && IsList("instances"))
            return new DatasetFormat("self-instruct", null, FromInstances);

        var system = SystemColumns.FirstOrDefault(Has);
        if (Has("instruction") && Has("output") && IsThere("input"))
            return Of("Alpaca", new ColumnMapping("instruction", "output", system, "input"));
        if (Has("instruction") && Has("response") && IsThere("context"))
            return Of("Dolly", new ColumnMapping("instruction", "response", system, "context"));
        var pair = Pairs.FirstOrDefault(pair => Has(pair.Prompt) && Has(pair.Response));
        // A column that is empty in the first rows is still that column.
        if (pair == default)
            pair = Pairs.FirstOrDefault(pair => IsThere(pair.Prompt) && IsThere(pair.Response));
        return pair == default ? null : Of(pair is ("question", "answer") ? "question and answer" : $"{pair.Prompt} and {pair.Response}", new ColumnMapping(pair.Prompt, pair.Response, system));

        bool Has(string column) => rows.Exists(row => row.Get(column) is not null);

        bool IsThere(string column) => rows.Exists(row => row.Columns.ContainsKey(column));

        bool IsList(string column) => rows.Exists(row => row.Get(column) is { ValueKind: JsonValueKind.Array });

        bool IsTexts(string column) => rows.Exists(row => row.Get(column) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 1 && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String));
    }

    private static DatasetFormat Of(string name, ColumnMapping mapping) =>
        new(name, mapping, row => [mapping.Messages is { } messages ? FromMessages(row, messages, mapping.System) : new ImportedRow(FromColumns(row, mapping))]);

    /// <summary>All columns of the first rows, in the order in which they come up.</summary>
    internal static IReadOnlyList<DatasetColumn> ColumnsOf(IReadOnlyList<SourceRow> sample) =>
        [.. sample.SelectMany(row => row.Columns.Keys).Distinct(StringComparer.OrdinalIgnoreCase).Take(DatasetLimits.Columns)
            .Select(name => new DatasetColumn(name, [.. sample.Select(row => row.Get(name)).OfType<JsonElement>().Take(ShownExamples).Select(Shown)]))];

    /// <returns>The row's examples: one, but for layouts whose rows hold several.</returns>
    /// <exception cref="BadRowException">The row is no example, or one of its examples is none.</exception>
    internal IReadOnlyList<ImportedRow> Read(SourceRow row)
    {
        var read = _read(row);
        foreach (var (index, one) in read.Index())
        {
            if (DatasetLimits.ProblemOf(one.Example) is { } problem)
                throw new BadRowException(read.Count == 1 ? problem : $"instance {index + 1}: {problem}");
        }
        return read;
    }

    /// <summary>The first rows as they are in the file, their cells shortened, in the order of the columns.</summary>
    internal static IReadOnlyList<SampledRow> SampleOf(IReadOnlyList<SourceRow> sample, IReadOnlyList<DatasetColumn> columns, int most) =>
        [.. sample.Take(most).Select(row => new SampledRow(row.Number, [.. columns.Select(column => row.Get(column.Name) is { } value ? Shown(value) : "")]))];

    private static ImportedRow FromMessages(SourceRow row, string column, string? system)
    {
        var read = Conversation.Read(Required(row, column));
        return Columns.OptionalText(row, system) is { } text ? read with { Example = read.Example with { System = text } } : read;
    }

    private static Example FromColumns(SourceRow row, ColumnMapping mapping)
    {
        var prompt = WithInput(Columns.Text(row, mapping.Prompt!), Columns.OptionalText(row, mapping.Input));
        var check = row.Get("check") is { ValueKind: JsonValueKind.Object } found ? found.Clone() : (JsonElement?)null;
        var rejected = row.Get("rejected") is { ValueKind: JsonValueKind.String } ? Columns.OptionalText(row, "rejected") : null;
        return new Example(prompt, Columns.Text(row, mapping.Response!), Columns.OptionalText(row, mapping.System), check, rejected);
    }

    private static string WithInput(string prompt, string? input) => string.IsNullOrWhiteSpace(input) ? prompt : string.IsNullOrWhiteSpace(prompt) ? input : $"{prompt}\n\n{input}";

    /// <summary>Self-instruct's rows: an instruction with several inputs and outputs, each pair an example of its own.</summary>
    private static IReadOnlyList<ImportedRow> FromInstances(SourceRow row)
    {
        var instruction = Columns.Text(row, "instruction");
        if (Required(row, "instances") is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() == 0)
            throw new BadRowException("instances must be a list of at least one input and output");
        return [.. list.EnumerateArray().Select(instance => new ImportedRow(new Example(WithInput(instruction, Part(instance, "input")), Part(instance, "output"))))];

        static string Part(JsonElement instance, string key) => instance.ValueKind != JsonValueKind.Object ? throw new BadRowException("an instance must have input and output") : instance.Get(key) switch
        {
            null => "",
            { ValueKind: JsonValueKind.String } text => Columns.Text(text),
            { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } value => value.GetRawText(),
            _ => throw new BadRowException($"{key} of an instance must be text"),
        };
    }

    /// <summary>
    /// A preference pair: the chosen answer and, where it answers the same prompt otherwise, the rejected one. Of conversations that part only after their first answer
    /// no preference is left, nor of a row whose rejected side is no answer.
    /// </summary>
    private static ImportedRow FromPreference(SourceRow row)
    {
        var chosen = FromPreference(row, "chosen");
        return chosen with { Example = chosen.Example with { Rejected = Rejected(row, chosen.Example) } };
    }

    private static string? Rejected(SourceRow row, Example chosen)
    {
        try
        {
            var other = FromPreference(row, "rejected").Example;
            return other.PromptId == chosen.PromptId && other.Response != chosen.Response && DatasetLimits.ProblemOf(other) is null ? other.Response : null;
        }
        catch (BadRowException)
        {
            return null;
        }
    }

    /// <summary>One side of a preference pair: text, or a conversation.</summary>
    private static ImportedRow FromPreference(SourceRow row, string side)
    {
        var chosen = Required(row, side);
        if (chosen.ValueKind != JsonValueKind.Array)
            return new ImportedRow(FromColumns(row, new ColumnMapping("prompt", side, SystemColumns.FirstOrDefault(column => row.Get(column) is not null))));
        // Either the whole conversation, or the answer alone with the prompt beside it as text or as messages.
        if (chosen.EnumerateArray().Any(message => message.Get("role") is { ValueKind: JsonValueKind.String } role && role.ValueEquals("user")))
            return Conversation.Read(chosen);
        var prompt = Required(row, "prompt");
        IEnumerable<JsonElement> opening = prompt.ValueKind == JsonValueKind.Array
            ? prompt.EnumerateArray()
            : [JsonSerializer.SerializeToElement(new { role = "user", content = Columns.Text(row, "prompt") })];
        return Conversation.Read(JsonSerializer.SerializeToElement(opening.Concat(chosen.EnumerateArray())));
    }

    private static JsonElement Required(SourceRow row, string column) => row.Get(column) ?? throw new BadRowException($"no {column}");

    private static string Shown(JsonElement value)
    {
        string text;
        try
        {
            text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }
        catch (InvalidOperationException)
        {
            text = value.GetRawText();
        }
        return text.Length > ShownLength ? text[..(char.IsHighSurrogate(text[ShownLength - 1]) ? ShownLength - 1 : ShownLength)] + "…" : text;
    }
}
