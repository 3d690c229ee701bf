using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpinStudio.Testing;

/// <summary>llama.cpp, to compare with: fetched by npm once into the ignored folder <c>artifacts/llama-cpp</c>, and again when the lock file or the script changes.</summary>
public sealed class LlamaCpp
{
    private static readonly string[] Files = ["package.json", "package-lock.json", "answer.mjs"];
    private static readonly string Repository = FindRepository();
    private static readonly string Folder = Path.Combine(Repository, "artifacts", "llama-cpp");

    public LlamaCpp()
    {
        var sources = Path.Combine(Repository, "tests", "Shared", "LlamaCpp");
        var wanted = Convert.ToHexStringLower(SHA256.HashData([.. Files.SelectMany(name => File.ReadAllBytes(Path.Combine(sources, name)))]));
        var stamp = Path.Combine(Folder, "stamp");
        if (File.Exists(stamp) && File.ReadAllText(stamp) == wanted)
            return;
        Directory.CreateDirectory(Folder);
        foreach (var name in Files)
            File.Copy(Path.Combine(sources, name), Path.Combine(Folder, name), overwrite: true);
        // Its optional packages are builds for other machines and for GPUs; not all of them are to be had everywhere, which "ci" would insist on. Versions are those of the lock file all the same.
        Run("npm", "install", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund");
        File.WriteAllText(stamp, wanted);
    }

    /// <summary>Loads the file and answers greedily.</summary>
    /// <param name="prompts">Texts with control tokens written out.</param>
    /// <param name="maxTokens">0: the prompts are only cut into tokens.</param>
    internal static Answers Answer(string gguf, IReadOnlyList<string> prompts, int maxTokens)
    {
        var (asked, told) = (gguf + ".prompts.json", gguf + ".answers.json");
        File.WriteAllText(asked, JsonSerializer.Serialize(prompts));
        Run("node", "answer.mjs", gguf, asked, $"{maxTokens}", told);
        return JsonSerializer.Deserialize<Answers>(File.ReadAllText(told), JsonSerializerOptions.Web)!;
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} in {Folder} ended with {process.ExitCode}:\n{output.Result}\n{errors.Result}");
    }

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "SpinStudio.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("these tests run within the repository");
        return folder.FullName;
    }

    /// <param name="FileType">As llama.cpp numbers it.</param>
    internal sealed record Answers(string Template, int FileType, string Architecture, [property: JsonPropertyName("answers")] IReadOnlyList<OneAnswer> All);

    /// <param name="Prompt">Token ids.</param>
    /// <param name="Answer">Token ids, the likeliest one each time.</param>
    /// <param name="LogProbs">Of each token of the answer.</param>
    internal sealed record OneAnswer(int[] Prompt, int[] Answer, double[] LogProbs);
}
