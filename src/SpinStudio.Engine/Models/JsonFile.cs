using System.Text.Json;

namespace SpinStudio.Engine.Models;

/// <summary>Reads a JSON file that may come from a stranger: size and depth are limited, and every error names the file.</summary>
internal static class JsonFile
{
    private const int DeepestNesting = 64;

    /// <summary>Makes something of the object that the file holds.</summary>
    /// <param name="longest">Bytes that the file may have.</param>
    /// <param name="make">What it throws as <see cref="BadInputException"/> needs no file name.</param>
    /// <exception cref="BadInputException">The file is missing, too large, no JSON, or no object, or <paramref name="make"/> refused it.</exception>
    public static T Read<T>(string path, long longest, Func<JsonElement, T> make)
    {
        var json = ReadObject(path, longest);
        try
        {
            return make(json);
        }
        catch (BadInputException e)
        {
            throw new BadInputException($"{path}: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // Escapes such as \ud800 alone are well-formed JSON but no text.
            throw new BadInputException($"{path}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static JsonElement ReadObject(string path, long longest)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new BadInputException($"{path} not found");
        if (file.Length > longest)
            throw new BadInputException($"{path} has {file.Length} bytes; the limit is {longest}");
        try
        {
            using var stream = file.OpenRead();
            using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = DeepestNesting });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new BadInputException($"{path} must hold a JSON object, not {Name(document.RootElement)}");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path} is not valid JSON: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>What a value is, for messages.</summary>
    public static string Name(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "null",
    };

    /// <summary>The property, or null when it is absent or JSON null.</summary>
    public static JsonElement? Get(this JsonElement json, string key) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
