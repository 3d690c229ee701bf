using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Hub;

/// <summary>Which files of a repository are downloaded: weights as safetensors, and text. Never a pickle, never a script.</summary>
public static class HubFiles
{
    private static readonly string[] DataEndings = [".jsonl", ".json", ".csv", ".tsv", ".txt", ".parquet", ".gz", ".zst"];
    private static readonly string[] CardNames = ["LICENSE", "LICENSE.txt", "NOTICE", "README.md"];

    /// <summary>The files that make the model: safetensors with their index, config, tokenizer, template, card and licence, all in the top folder.</summary>
    /// <exception cref="BadInputException">There are no safetensors, or no config.json.</exception>
    public static IReadOnlyList<HubFile> OfModel(HubListing listing)
    {
        var top = listing.Files.Where(file => !file.Path.Contains('/', StringComparison.Ordinal)).ToList();
        if (!top.Exists(file => ModelWeights.IsWeightFile(file.Path)))
        {
            var pickle = top.Find(file => ModelWeights.IsPickle(file.Path));
            throw new BadInputException($"{listing.Repository} has no model.safetensors"
                + (pickle is null ? "" : $"; it has {pickle.Path}, a pickle, which could run code and is not read. Look for a revision with safetensors"));
        }
        if (!top.Exists(file => file.Path == "config.json"))
            throw new BadInputException($"{listing.Repository} has no config.json");
        return [.. top.Where(file => ModelFolder.IsModelFile(file.Path))];
    }

    /// <summary>Rows that can be imported, and the card.</summary>
    public static IReadOnlyList<HubFile> OfDataset(HubListing listing) => [.. listing.Files.Where(file => IsData(file.Path) || CardNames.Contains(file.Path))];

    /// <summary>True for a file with rows; what describes the dataset is none.</summary>
    public static bool IsData(string path) =>
        DataEndings.Contains(Path.GetExtension(path).ToLowerInvariant()) && Path.GetFileName(path) is not ("dataset_infos.json" or "dataset_info.json" or "LICENSE.txt");
}
