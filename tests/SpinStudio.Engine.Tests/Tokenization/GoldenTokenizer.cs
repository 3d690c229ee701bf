using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Tests.Tokenization;

/// <summary>
/// The tokenizer in <c>golden/</c>: trained by <see cref="BpeTrainer"/> on <c>corpus.txt</c>, and variants of it with the pre-tokenizers of published families.
/// After a change to the trainer, write it again with <c>SPINSTUDIO_UPDATE_GOLDEN=1 dotnet test</c> and run <c>make-golden.mjs</c>.
/// </summary>
internal static class GoldenTokenizer
{
    public const int VocabSize = 400;

    public static string Folder { get; } = Path.Combine(Path.GetDirectoryName(ThisFile())!, "golden");

    public static IReadOnlyList<string> SpecialTokens { get; } = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

    public static TokenizerSettings Settings { get; } = new("<|endoftext|>", "<|im_end|>", "<|endoftext|>", ChatTemplate:
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}");

    public static Tokenizer Train(string folder) => BpeTrainer.Train(folder, File.ReadLines(Path.Combine(Folder, "corpus.txt")).Select(line => line + "\n"), VocabSize, SpecialTokens, Settings);

    public static Tokenizer Load() => Tokenizer.Load(Folder);

    /// <summary>The same vocabulary with other splitting.</summary>
    public static Tokenizer Variant(string name) => Changed(json =>
    {
        var variant = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "variants.json")))![name]!;
        json["normalizer"] = variant["normalizer"]?.DeepClone();
        json["pre_tokenizer"] = variant["pre_tokenizer"]!.DeepClone();
        json["model"]!["ignore_merges"] = variant["ignore_merges"]!.DeepClone();
    });

    /// <summary>The tokenizer after a change to its tokenizer.json.</summary>
    public static Tokenizer Changed(Action<JsonNode> change)
    {
        using var folder = new TemporaryFolder();
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "tokenizer.json")))!;
        change(json);
        folder.Write("tokenizer.json", json.ToJsonString());
        File.Copy(Path.Combine(Folder, "tokenizer_config.json"), folder.In("tokenizer_config.json"));
        return Tokenizer.Load(folder.Path);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
