using System.Text.Json;
using SpinStudio.Engine.Samples;

namespace SpinStudio.Engine.Evaluation;

/// <summary>Exact checks of answers: right or wrong, by rule. An example's <c>check</c> object names the rule in <c>kind</c>.</summary>
public static class ExactChecks
{
    /// <summary>The kind of a check, for grouping; null without one.</summary>
    public static string? Kind(JsonElement? check) =>
        check is { ValueKind: JsonValueKind.Object } facts && facts.TryGetProperty("kind", out JsonElement kind) && kind.ValueKind == JsonValueKind.String ? kind.GetString() : null;

    /// <summary>Whether <paramref name="answer"/> passes; null when there is no check or no rule of its kind.</summary>
    /// <exception cref="BadInputException">The check lacks a fact that its rule needs.</exception>
    public static bool? Check(JsonElement? check, string answer)
    {
        string? kind = Kind(check);
        try
        {
            return kind switch
            {
                StoryItem.KindName => StoryItem.Passes(check!.Value, answer),
                ListItem.KindName => ListItem.Passes(check!.Value, answer),
                RewriteItem.KindName or SortItem.KindName or "equals" => answer.Trim() == check!.Value.GetProperty("answer").GetString(),
                _ => null,
            };
        }
        catch (Exception malformed) when (malformed is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BadInputException($"The check {check!.Value.GetRawText()} lacks a fact that a check of kind \"{kind}\" needs, or has one of the wrong type; see docs/sample.md.", malformed);
        }
    }
}
