using System.Text.Json;

namespace SpinStudio.Cli.Serving;

/// <summary>The fields of a request, read strictly: what has the wrong type or range is refused by its name; what is not known is left alone, as clients expect.</summary>
internal sealed class RequestBody
{
    private readonly JsonElement _root;

    public RequestBody(JsonElement root) =>
        _root = root.ValueKind == JsonValueKind.Object ? root : throw new OpenAiException(400, "the body must be a JSON object");

    /// <summary>The field, or null when it is absent or null.</summary>
    public JsonElement? Find(string name) => _root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public JsonElement Require(string name) => Find(name) ?? throw OpenAiException.Bad(name, $"{name} is missing");

    public double Number(string name, double fallback, double least, double most)
    {
        if (Find(name) is not { } value)
            return fallback;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most
            ? number
            : throw OpenAiException.Bad(name, FormattableString.Invariant($"{name} must be a number from {least} to {most} (got {value.GetRawText()})"));
    }

    public int? Integer(string name, int least, int most)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
            ? number
            : throw OpenAiException.Bad(name, FormattableString.Invariant($"{name} must be a whole number from {least} to {most} (got {value.GetRawText()})"));
    }

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw OpenAiException.Bad(name, $"{name} must be true or false (got {other.GetRawText()})"),
    };

    public string Text(string name) => TextOf(Require(name), name);

    /// <summary>One text or a list of them; empty when absent.</summary>
    public string[] Texts(string name, int most)
    {
        if (Find(name) is not { } value)
            return [];
        string[] texts = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => TextOf(item, name))] : [TextOf(value, name)];
        return texts.Length <= most ? texts : throw OpenAiException.Bad(name, $"{name} may have {most} entries at most (got {texts.Length})");
    }

    /// <summary>Refuses fields that would change the answer and are not supported.</summary>
    /// <param name="harmless">Values that change nothing, as raw JSON.</param>
    public void Refuse(string name, params ReadOnlySpan<string> harmless)
    {
        if (Find(name) is { } value && !harmless.Contains(value.GetRawText()))
            throw OpenAiException.Bad(name, $"{name} is not supported by this server; leave it out");
    }

    public static string TextOf(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw OpenAiException.Bad(name, $"{name} must be a text (got {value.ValueKind})");
}
