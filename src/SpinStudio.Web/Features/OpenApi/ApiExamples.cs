using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace SpinStudio.Web.Features.OpenApi;

/// <summary>What was sent and answered in one exchange with a studio.</summary>
internal sealed record ApiExample(JsonNode? Request, JsonNode? Response);

/// <summary>Recorded exchanges, by operation such as <c>POST /api/v1/runs</c>. They are in examples.json, which a test writes.</summary>
internal static class ApiExamples
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly Lazy<Dictionary<string, ApiExample>> All = new(Read);

    public static IReadOnlyDictionary<string, ApiExample> Recorded => All.Value;

    public static ApiExample? Of(string operation) => All.Value.GetValueOrDefault(operation);

    private static Dictionary<string, ApiExample> Read()
    {
        using var stream = typeof(ApiExamples).Assembly.GetManifestResourceStream("examples.json")!;
        return JsonSerializer.Deserialize<Dictionary<string, ApiExample>>(stream, Json)!;
    }
}
