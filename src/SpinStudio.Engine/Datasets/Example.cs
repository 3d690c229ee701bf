using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpinStudio.Engine.Datasets;

/// <summary>
/// One row of a dataset in its canonical form: a prompt and the human answer. Every import ends in JSON Lines of these.
/// </summary>
/// <param name="Prompt">The first user message. Never empty.</param>
/// <param name="Response">The human answer to it. Never empty.</param>
/// <param name="System">A system message that precedes the prompt, if the source had one.</param>
/// <param name="Rejected">An answer that is worse than <paramref name="Response"/>, where the source had a preference.</param>
/// <param name="Check">What an exact check of an answer needs to know, for tasks whose answers can be checked; its <c>kind</c> names the check.</param>
public sealed record Example(
    [property: JsonPropertyName("prompt")] string Prompt,
    [property: JsonPropertyName("response")] string Response,
    [property: JsonPropertyName("system"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? System = null,
    [property: JsonPropertyName("check"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Check = null,
    [property: JsonPropertyName("rejected"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Rejected = null)
{
    /// <summary>
    /// Identity of the prompt: the first 16 hex digits of SHA-256 over system, a NUL byte and prompt in UTF-8.
    /// The same prompt has the same id in every dataset version, iteration and run.
    /// </summary>
    [JsonIgnore]
    public string PromptId => IdOf(Prompt, System);

    /// <inheritdoc cref="PromptId"/>
    public static string IdOf(string prompt, string? system) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes((system ?? "") + "\0" + prompt)).AsSpan(0, 8));
}
