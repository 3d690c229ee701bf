namespace SpinStudio.Engine.Hub;

/// <summary>Which files of a repository are downloaded: weights as safetensors, and text. Never a pickle, never a script.</summary>
public static class HubFiles
{
    private static readonly string[] DataEndings = [".jsonl", ".json", ".csv", ".tsv", ".txt"];
    private static readonly string[] CardNames = ["LICENSE", "LICENSE.txt", "NOTICE", "README.md"];
    private static readonly string[] TokenizerNames = ["merges.txt", "vocab.txt", "tokenizer.model", "chat_template.jinja"];

    /// <summary>The files that make the model: safetensors with their index, config, tokenizer, template, card and licence, all in the top folder.</summary>
    /// <exception cref="BadInputException">There are no safetensors, or no config.json.</exception>
    public static IReadOnlyList<HubFile> OfModel(HubListing listing)
    {
        var top = listing.Files.Where(file => !file.Path.Contains('/', StringComparison.Ordinal)).ToList();
        if (!top.Exists(file => IsWeights(file.Path)))
        {
            var pickle = top.Find(file => Path.GetExtension(file.Path) is ".bin" or ".pt" or ".pth" or ".ckpt" or ".pkl");
            throw new BadInputException($"{listing.Repository} has no model.safetensors"
                + (pickle is null ? "" : $"; it has {pickle.Path}, a pickle, which could run code and is not read. Look for a revision with safetensors"));
        }
        if (!top.Exists(file => file.Path == "config.json"))
            throw new BadInputException($"{listing.Repository} has no config.json");
        return [.. top.Where(file => IsWeights(file.Path) || IsModelText(file.Path))];
    }

    /// <summary>Rows that can be imported, and the card.</summary>
    public static IReadOnlyList<HubFile> OfDataset(HubListing listing) => [.. listing.Files.Where(file => IsData(file.Path) || CardNames.Contains(file.Path))];

    /// <summary>True for a file with rows; what describes the dataset is none.</summary>
    public static bool IsData(string path) =>
        DataEndings.Contains(Path.GetExtension(path).ToLowerInvariant()) && Path.GetFileName(path) is not ("dataset_infos.json" or "dataset_info.json" or "LICENSE.txt");

    /// <summary>One file, or the shards that an index lists; other safetensors, such as adapters or a second copy, are not the model's.</summary>
    private static bool IsWeights(string name) => name.EndsWith(".safetensors", StringComparison.Ordinal) && (name == "model.safetensors" || name.StartsWith("model-", StringComparison.Ordinal));

    private static bool IsModelText(string name) =>
        CardNames.Contains(name) || TokenizerNames.Contains(name) || (name.EndsWith(".json", StringComparison.Ordinal) && !name.EndsWith(".bin.index.json", StringComparison.Ordinal));
}
