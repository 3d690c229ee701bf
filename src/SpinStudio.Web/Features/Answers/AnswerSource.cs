using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpinStudio.Web.Features.Answers;

/// <summary>Who gave an answer: a person, or the model that an iteration of a run made. As text <c>human</c> or <c>run id:iteration</c>.</summary>
/// <param name="RunId">Null: a person.</param>
/// <param name="Iteration">The iteration whose finished model answers; −1 is the run's starting model.</param>
[JsonConverter(typeof(AsText))]
public readonly record struct AnswerSource(Guid? RunId, int Iteration) : IParsable<AnswerSource>
{
    private const string HumanText = "human";

    public static AnswerSource Human { get; } = new(null, 0);

    public bool IsHuman => RunId is null;

    public static AnswerSource Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var source) ? source : throw new FormatException($"An answer's source is 'human' or '<run id>:<iteration>' (got '{s}').");

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out AnswerSource result)
    {
        result = Human;
        if (s == HumanText)
        {
            return true;
        }

        if (s?.Split(':') is not [var run, var iteration] || !Guid.TryParseExact(run, "D", out var runId)
            || !int.TryParse(iteration, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number < -1)
        {
            return false;
        }

        result = new AnswerSource(runId, number);
        return true;
    }

    public override string ToString() => RunId is { } run ? string.Create(CultureInfo.InvariantCulture, $"{run:D}:{Iteration}") : HumanText;

    private sealed class AsText : JsonConverter<AnswerSource>
    {
        public override AnswerSource Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && TryParse(reader.GetString(), CultureInfo.InvariantCulture, out var source)
                ? source
                : throw new JsonException("An answer's source is 'human' or '<run id>:<iteration>'.");

        public override void Write(Utf8JsonWriter writer, AnswerSource value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
