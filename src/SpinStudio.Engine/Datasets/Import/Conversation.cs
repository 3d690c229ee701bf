using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Datasets.Import;

/// <summary>
/// Takes prompt and answer from a list of messages: the first user message, the first assistant message after it, and a system message before it. So a conversation of several turns gives one example, as in
/// the SPIN paper's own preparation of its data (arXiv 2401.01335): an answer to a later turn would be one to a history that the opponent did not write.
/// </summary>
internal static class Conversation
{
    /// <param name="messages">Objects with role and content, or with from and value; or plain texts, the user's first and then in turn; or such a list written as text, as tables hold it.</param>
    /// <exception cref="BadRowException">It is no such list, or a part is missing.</exception>
    public static ImportedRow Read(JsonElement messages)
    {
        if (messages.ValueKind == JsonValueKind.String)
            messages = Parse(Columns.Text(messages));
        if (messages.ValueKind != JsonValueKind.Array)
            throw new BadRowException("messages must be a list");
        string? system = null, prompt = null;
        Example? example = null;
        foreach (var (turn, message) in messages.EnumerateArray().Index())
        {
            var role = message.ValueKind == JsonValueKind.String ? turn % 2 == 0 ? "user" : "assistant" : (message.Get("role") ?? message.Get("from")) is { ValueKind: JsonValueKind.String } name ? name.GetString()!.ToLowerInvariant()
                : example is null ? throw new BadRowException("a message has no role") : "";
            switch (role)
            {
                case "system" when prompt is null:
                    system ??= Text(message);
                    break;
                case "user" or "human" or "prompter" when prompt is null:
                    prompt = Text(message);
                    break;
                case "user" or "human" or "prompter" when example is not null:
                    return new ImportedRow(example, MoreTurns: true);
                case "assistant" or "gpt" or "model" or "bot" or "chatgpt" when prompt is not null && example is null:
                    example = new Example(prompt, Text(message), string.IsNullOrWhiteSpace(system) ? null : system);
                    break;
            }
        }
        return example is not null ? new ImportedRow(example) : throw new BadRowException(prompt is null ? "no user message" : "no response: no assistant message after the user's");
    }

    private static JsonElement Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = DatasetLimits.Nesting });
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new BadRowException("messages must be a list, or a list written as JSON");
        }
    }

    /// <summary>The content: text, or a list of parts of which the text ones are taken.</summary>
    private static string Text(JsonElement message)
    {
        if (message.ValueKind == JsonValueKind.String)
            return Columns.Text(message);
        switch (message.Get("content") ?? message.Get("value"))
        {
            case null:
                return "";
            case { ValueKind: JsonValueKind.String } text:
                return Columns.Text(text);
            case { ValueKind: JsonValueKind.Array } parts:
                return string.Concat(parts.EnumerateArray().Select(part => part.Get("text") is { ValueKind: JsonValueKind.String } text
                    ? Columns.Text(text)
                    : throw new BadRowException("a message has a part that is no text, such as an image")));
            default:
                throw new BadRowException("a message's content must be text");
        }
    }
}
