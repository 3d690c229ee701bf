using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SpinStudio.Engine;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SpinStudio.Web.Features.Runs.New;

/// <summary>
/// Reads one YAML document of mappings, lists and scalars as JSON. Anchors, aliases and tags are refused: settings need none, and with them a small text could
/// unfold into a huge one or name a type.
/// </summary>
internal static partial class YamlReader
{
    public const int MostDepth = 16;

    /// <exception cref="BadInputException">It is not YAML, or uses what is refused; the message names the line.</exception>
    public static JsonObject Read(string text)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                throw new BadInputException("they are empty; write keys with values, such as 'iterations: 3'");
            }

            var settings = Value(parser, 0) as JsonObject ?? throw new BadInputException("they must be keys with values, such as 'iterations: 3'");
            parser.Consume<DocumentEnd>();
            return parser.Accept<StreamEnd>(out _) ? settings : throw new BadInputException("they must be one YAML document; remove what follows '---'");
        }
        catch (YamlException e)
        {
            throw new BadInputException($"not valid YAML at line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    /// <summary>A plain scalar that is no text: null, true, false or a number.</summary>
    public static bool IsSpecial(string plain) => Plain(plain)?.GetValueKind() != System.Text.Json.JsonValueKind.String;

    private static JsonNode? Value(Parser parser, int depth)
    {
        if (parser.Accept<AnchorAlias>(out var alias))
        {
            throw Refuse(alias, "an alias (*)");
        }

        if (parser.Accept<NodeEvent>(out var node) && !node.Anchor.IsEmpty)
        {
            throw Refuse(node, "an anchor (&)");
        }

        if (node is { Tag.IsEmpty: false } && !node.Tag.IsNonSpecific)
        {
            throw Refuse(node, "a tag (!)");
        }

        if (depth > MostDepth)
        {
            throw new BadInputException($"line {parser.Current?.Start.Line}: nested deeper than {MostDepth}");
        }

        if (parser.TryConsume<MappingStart>(out _))
        {
            return Mapping(parser, depth);
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            var list = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                list.Add(Value(parser, depth + 1));
            }

            return list;
        }

        var scalar = parser.Consume<Scalar>();
        return scalar.Style == ScalarStyle.Plain ? Plain(scalar.Value) : JsonValue.Create(scalar.Value);
    }

    private static JsonObject Mapping(Parser parser, int depth)
    {
        var mapping = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.Accept<Scalar>(out var key) || !key.Anchor.IsEmpty || !key.Tag.IsEmpty)
            {
                throw new BadInputException($"line {parser.Current?.Start.Line}: a key must be a plain word");
            }

            parser.Consume<Scalar>();
            if (mapping.ContainsKey(key.Value))
            {
                throw new BadInputException($"line {key.Start.Line}: '{key.Value}' stands there twice");
            }

            mapping[key.Value] = Value(parser, depth + 1);
        }

        return mapping;
    }

    /// <summary>The core schema of YAML 1.2, section 10.3.2: a plain <c>yes</c> is a word, not a truth value.</summary>
    private static JsonValue? Plain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when Whole().IsMatch(text) && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when Real().IsMatch(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) => JsonValue.Create(real),
        _ => JsonValue.Create(text),
    };

    private static BadInputException Refuse(ParsingEvent at, string what) => new($"line {at.Start.Line} uses {what}; write the value itself");

    [GeneratedRegex(@"^[-+]?[0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Whole();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Real();
}
