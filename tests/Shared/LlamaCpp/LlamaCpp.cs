using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpinStudio.Testing;

/// <summary>llama.cpp, to compare with: fetched by npm once into the ignored folder <c>artifacts/llama-cpp</c>, and again when the lock file or the script changes.</summary>
public sealed class LlamaCpp
{
    private static readonly string[] Files = ["package.json", "package-lock.json", "answer.mjs"];
    private static readonly string Folder = Checkout.In("artifacts", "llama-cpp");

    // Its optional packages are builds for other machines and for GPUs; not all of them are to be had everywhere, which "ci" would insist on. Versions are those of the lock file all the same.
    public LlamaCpp() => NodeScripts.Install(
        Checkout.In("tests", "Shared", "LlamaCpp"), Files, Folder, ["install", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]);

    /// <summary>Loads the file and answers greedily.</summary>
    /// <param name="prompts">Texts with control tokens written out.</param>
    /// <param name="maxTokens">0: the prompts are only cut into tokens.</param>
    internal static Answers Answer(string gguf, IReadOnlyList<string> prompts, int maxTokens)
    {
        var (asked, told) = (gguf + ".prompts.json", gguf + ".answers.json");
        File.WriteAllText(asked, JsonSerializer.Serialize(prompts));
        NodeScripts.Run(Folder, "node", "answer.mjs", gguf, asked, $"{maxTokens}", told);
        return JsonSerializer.Deserialize<Answers>(File.ReadAllText(told), JsonSerializerOptions.Web)!;
    }

    /// <param name="FileType">As llama.cpp numbers it.</param>
    internal sealed record Answers(string Template, int FileType, string Architecture, [property: JsonPropertyName("answers")] IReadOnlyList<OneAnswer> All);

    /// <param name="Prompt">Token ids.</param>
    /// <param name="Answer">Token ids, the likeliest one each time.</param>
    /// <param name="LogProbs">Of each token of the answer.</param>
    internal sealed record OneAnswer(int[] Prompt, int[] Answer, double[] LogProbs);
}
