using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Samples;

/// <summary>
/// The sample's data. Every combination of words belongs to exactly one split, by its hash; so what a model is measured on was in no split that it was taught on,
/// in no wording.
/// </summary>
public static class SampleDataset
{
    /// <summary>Examples in the curated set that SPIN and continued SFT train on.</summary>
    public const int TrainCount = 2000;

    /// <summary>Examples on which settings are chosen.</summary>
    public const int ValidationCount = 400;

    /// <summary>Examples on which results are reported.</summary>
    public const int HeldOutCount = 400;

    /// <summary>Examples that the starting model is taught on, each seen once.</summary>
    public const int MixedCount = 80_000;

    /// <summary>Share of <see cref="SampleSplit.Mixed"/> answers that carry a fault.</summary>
    public const double SloppyShare = 0.5;

    /// <summary>Curated answers only.</summary>
    public static IReadOnlyList<Example> Train(int count = TrainCount, int seed = 1) => Draw(SampleSplit.Train, count, 0, seed);

    /// <inheritdoc cref="Train"/>
    public static IReadOnlyList<Example> Validation(int count = ValidationCount, int seed = 1) => Draw(SampleSplit.Validation, count, 0, seed);

    /// <inheritdoc cref="Train"/>
    public static IReadOnlyList<Example> HeldOut(int count = HeldOutCount, int seed = 1) => Draw(SampleSplit.HeldOut, count, 0, seed);

    /// <summary>Plentiful answers of mixed quality: <see cref="SloppyShare"/> of them carry one fault.</summary>
    public static IReadOnlyList<Example> Mixed(int count = MixedCount, int seed = 1) => Draw(SampleSplit.Mixed, count, SloppyShare, seed);

    /// <summary>Writes <c>train.jsonl</c>, <c>validation.jsonl</c> and <c>held-out.jsonl</c> into <paramref name="folder"/>.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        WriteLines(Path.Combine(folder, "train.jsonl"), Train());
        WriteLines(Path.Combine(folder, "validation.jsonl"), Validation());
        WriteLines(Path.Combine(folder, "held-out.jsonl"), HeldOut());
    }

    /// <summary>Canonical JSON Lines: one example a line, UTF-8, LF.</summary>
    public static void WriteLines(string path, IEnumerable<Example> examples)
    {
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(false)) { NewLine = "\n" };
        foreach (Example example in examples)
        {
            writer.WriteLine(JsonSerializer.Serialize(example, RunJson.Line));
        }
    }

    /// <summary>The split of a combination: 60 % mixed, 20 % train, 10 % validation, 10 % held out.</summary>
    public static SampleSplit SplitOf(SampleItem item)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{item.Kind} {item.Combination}"));
        return (BitConverter.ToUInt32(hash) % 10) switch
        {
            < 6 => SampleSplit.Mixed,
            < 8 => SampleSplit.Train,
            8 => SampleSplit.Validation,
            _ => SampleSplit.HeldOut,
        };
    }

    /// <summary>Different prompts of one split, families mixed. The seed of one split says nothing about another.</summary>
    private static List<Example> Draw(SampleSplit split, int count, double sloppyShare, int seed)
    {
        var random = new SampleRandom(((ulong)seed << 8) | (ulong)split);
        var prompts = new HashSet<string>();
        List<Example> examples = [];
        while (examples.Count < count)
        {
            SampleItem item = DrawItem(random);
            if (SplitOf(item) != split)
            {
                continue;
            }
            Example example = item.ToExample(random, random.Chance(sloppyShare));
            // A small family (lists) is exhausted in a large mixed set: there, and only there, a prompt may come again with another answer.
            if (prompts.Add(example.Prompt) || split == SampleSplit.Mixed)
            {
                examples.Add(example);
            }
        }
        return examples;
    }

    private static SampleItem DrawItem(SampleRandom random) => random.Unit() switch
    {
        < 0.55 => StoryItem.Draw(random),
        < 0.72 => ListItem.Draw(random),
        < 0.88 => RewriteItem.Draw(random),
        _ => SortItem.Draw(random),
    };
}

/// <summary>Who may see a combination of words.</summary>
public enum SampleSplit
{
    /// <summary>Teaches the starting model.</summary>
    Mixed,

    /// <summary>The curated set.</summary>
    Train,

    /// <summary>Chooses settings.</summary>
    Validation,

    /// <summary>Reports results; nothing is ever chosen on it.</summary>
    HeldOut,
}
