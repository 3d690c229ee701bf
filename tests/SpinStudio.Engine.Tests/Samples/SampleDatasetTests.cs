using System.Text.Json;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Samples;
using Xunit;

namespace SpinStudio.Engine.Tests.Samples;

public sealed class SampleDatasetTests
{
    [Fact]
    public void Writing_twice_gives_the_same_bytes()
    {
        using var one = new TemporaryFolder();
        using var two = new TemporaryFolder();
        SampleDataset.Write(one.Path);
        SampleDataset.Write(two.Path);
        foreach (string name in new[] { "train.jsonl", "validation.jsonl", "held-out.jsonl" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(one.Path, name)), File.ReadAllBytes(Path.Combine(two.Path, name)));
        }
    }

    [Fact]
    public void No_prompt_and_no_facts_stand_in_two_splits()
    {
        IReadOnlyList<Example>[] splits = [SampleDataset.Mixed(8000), SampleDataset.Train(), SampleDataset.Validation(), SampleDataset.HeldOut()];
        Assert.Equal(splits.Sum(split => split.DistinctBy(e => e.PromptId).Count()), splits.SelectMany(split => split).DistinctBy(e => e.PromptId).Count());
        Assert.Equal(splits.Sum(split => split.DistinctBy(Facts).Count()), splits.SelectMany(split => split).DistinctBy(Facts).Count());
    }

    [Fact]
    public void Curated_answers_all_pass_and_about_half_of_the_mixed_ones_do()
    {
        Example[] curated = [.. SampleDataset.Train(), .. SampleDataset.Validation(), .. SampleDataset.HeldOut()];
        Assert.All(curated, example => Assert.True(ExactChecks.Check(example.Check, example.Response)));

        IReadOnlyList<Example> mixed = SampleDataset.Mixed(8000);
        double good = mixed.Count(example => ExactChecks.Check(example.Check, example.Response) == true) / (double)mixed.Count;
        Assert.InRange(good, 1 - SampleDataset.SloppyShare - 0.03, 1 - SampleDataset.SloppyShare + 0.03);
    }

    [Fact]
    public void Stories_weigh_most_and_no_family_is_missing()
    {
        Dictionary<string, int> counts = SampleDataset.HeldOut().CountBy(example => ExactChecks.Kind(example.Check)!).ToDictionary();
        Assert.Equal(["list", "rewrite", "sort", "story"], counts.Keys.Order());
        Assert.True(counts["story"] > counts.Values.Sum() / 2, $"{counts["story"]} stories of {counts.Values.Sum()}");
    }

    private static string Facts(Example example) => JsonSerializer.Serialize(example.Check);
}
