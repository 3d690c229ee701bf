using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Tokenization;

/// <summary>What <c>tokenizer_config.json</c> adds to a tokenizer: its named tokens and the chat template.</summary>
/// <param name="ChatTemplate">Source of the Jinja template; null when the folder has none.</param>
public sealed record TokenizerSettings(string? BosToken = null, string? EosToken = null, string? PadToken = null, string? UnknownToken = null, string? ChatTemplate = null)
{
    /// <summary>The chat template as a file of its own; goes before that in <c>tokenizer_config.json</c>.</summary>
    internal const string TemplateFile = "chat_template.jinja";

    private const long LongestFile = 64 << 20;
    private const long LongestTemplate = 1 << 20;

    /// <summary>Reads a folder's settings; all null when it has none.</summary>
    /// <exception cref="BadInputException">A file is malformed.</exception>
    public static TokenizerSettings Load(string folder)
    {
        var config = Path.Combine(folder, "tokenizer_config.json");
        var settings = File.Exists(config) ? JsonFile.Read(config, LongestFile, Read) : new TokenizerSettings();
        var template = new FileInfo(Path.Combine(folder, TemplateFile));
        if (!template.Exists)
            return settings;
        return template.Length <= LongestTemplate
            ? settings with { ChatTemplate = File.ReadAllText(template.FullName) }
            : throw new BadInputException($"{template.FullName} has {template.Length} bytes; the limit is {LongestTemplate}");
    }

    private static TokenizerSettings Read(JsonElement json) => new(
        Token(json, "bos_token"), Token(json, "eos_token"), Token(json, "pad_token"), Token(json, "unk_token"), Template(json));

    /// <summary>A token is written as a string or as an object with its content.</summary>
    private static string? Token(JsonElement json, string key) => json.Get(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } token when token.Get("content") is { ValueKind: JsonValueKind.String } content => content.GetString(),
        { } other => throw new BadInputException($"{key} must be a string, not {JsonFile.Name(other)}"),
    };

    /// <summary>A template is one string, or a list of named ones of which <c>default</c> is the one for chats.</summary>
    private static string? Template(JsonElement json)
    {
        switch (json.Get("chat_template"))
        {
            case null:
                return null;
            case { ValueKind: JsonValueKind.String } text:
                return text.GetString();
            case { ValueKind: JsonValueKind.Array } list:
                var named = list.EnumerateArray().FirstOrDefault(item => item.Get("name") is { ValueKind: JsonValueKind.String } name && name.GetString() == "default");
                return named.Get("template") is { ValueKind: JsonValueKind.String } template
                    ? template.GetString()
                    : throw new BadInputException($"chat_template lists no template named 'default'");
            case { } other:
                throw new BadInputException($"chat_template must be a string or a list, not {JsonFile.Name(other)}");
        }
    }
}
