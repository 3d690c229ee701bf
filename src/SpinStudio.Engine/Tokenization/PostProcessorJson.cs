using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Tokenization;

/// <summary>Reads <c>post_processor</c>: the control tokens that stand around a text by itself.</summary>
internal static class PostProcessorJson
{
    public static (int[] Before, int[] After) Read(JsonElement? part)
    {
        int[] before = [], after = [];
        foreach (var step in part is { } processor ? TokenizerPart.Steps(processor, "processors") : [])
        {
            switch (TokenizerPart.TypeOf(step))
            {
                case "ByteLevel":
                    // Changes offsets only.
                    break;
                case "TemplateProcessing":
                    var (first, last) = ReadTemplate(step);
                    (before, after) = ([.. first, .. before], [.. after, .. last]);
                    break;
                case var type:
                    throw TokenizerPart.NotSupported($"post_processor {type}");
            }
        }
        return (before, after);
    }

    private static (List<int> Before, List<int> After) ReadTemplate(JsonElement template)
    {
        List<int> before = [], after = [];
        var current = before;
        if (template.Get("single") is not { ValueKind: JsonValueKind.Array } single)
            throw TokenizerPart.NotSupported("post_processor TemplateProcessing without a list of parts");
        foreach (var item in single.EnumerateArray())
        {
            if (item.Get("SpecialToken") is { } special && TokenizerPart.TextOf(special, "id") is { } name)
                current.AddRange(IdsOf(template, name));
            else if (item.Get("Sequence") is not null && current == before)
                current = after;
            else
                throw TokenizerPart.NotSupported("post_processor TemplateProcessing with a part that is neither a SpecialToken nor the one Sequence");
        }
        return current == after ? (before, after) : throw TokenizerPart.NotSupported("post_processor TemplateProcessing without a Sequence");
    }

    private static IEnumerable<int> IdsOf(JsonElement template, string name) =>
        template.Get("special_tokens")?.Get(name)?.Get("ids") is { ValueKind: JsonValueKind.Array } ids && ids.EnumerateArray().All(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out _))
            ? ids.EnumerateArray().Select(id => id.GetInt32())
            : throw new BadInputException($"post_processor TemplateProcessing gives no ids for '{name}'");
}
