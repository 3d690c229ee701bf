using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpinStudio.Engine.Runs;

/// <summary>How everything in a run folder is written: snake_case, readable Unicode, unknown keys refused where a person writes them.</summary>
public static class RunJson
{
    /// <summary>One line an object: journals, pairs, samples.</summary>
    public static readonly JsonSerializerOptions Line = Create(indented: false, strict: false);

    /// <summary>Indented, for files that people open.</summary>
    public static readonly JsonSerializerOptions Pretty = Create(indented: true, strict: false);

    /// <summary>For reading what people wrote: an unknown key is an error.</summary>
    public static readonly JsonSerializerOptions Strict = Create(indented: false, strict: true);

    private static JsonSerializerOptions Create(bool indented, bool strict) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        WriteIndented = indented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = strict ? JsonUnmappedMemberHandling.Disallow : JsonUnmappedMemberHandling.Skip,
        AllowOutOfOrderMetadataProperties = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };
}
