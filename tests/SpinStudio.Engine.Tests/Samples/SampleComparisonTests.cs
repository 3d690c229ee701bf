using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Samples;
using Xunit;

namespace SpinStudio.Engine.Tests.Samples;

public sealed class SampleComparisonTests
{
    [Fact]
    public void Continued_sft_takes_as_many_steps_and_as_many_tokens_as_self_play()
    {
        using var folder = new TemporaryFolder();
        string In(string name) => Path.Combine(folder.Path, name);
        SampleModel.WriteFresh(In("model"), SampleDataset.Mixed(300), seed: 1);
        SampleDataset.WriteLines(In("train.jsonl"), SampleDataset.Train(20));
        SampleDataset.WriteLines(In("held-out.jsonl"), SampleDataset.HeldOut(8));
        var spin = new RunConfig
        {
            Model = In("model"),
            Dataset = In("train.jsonl"),
            HeldOut = In("held-out.jsonl"),
            Iterations = 2,
            Dtype = Precision.Bf16,
            LearningRate = [1e-4],
            Epochs = 1,
            ScheduleEpochs = 1,
            BatchSize = 8,
            MicroBatchSize = 4,
            MaxLength = 64,
            MaxPromptLength = 40,
            Generation = new GenerationConfig { MaxNewTokens = 8 },
        };
        var comparison = new SampleComparison(spin, spin with { Kind = RunKind.Sft });

        IReadOnlyList<SampleComparison.Row> rows = comparison.Play(In("out"), seeds: [1, 2])!;

        Assert.Equal(["starting model", "SPIN, iteration 0", "SPIN, iteration 1", "continued SFT, as many steps", "continued SFT, as many tokens"], rows.Select(row => row.Method));
        Assert.Equal(rows[2].Steps, rows[3].Steps);
        Assert.InRange(rows[4].Tokens / (double)rows[2].Tokens, 0.7, 1.3); // one step of so small a run is a tenth of it
        Assert.All(rows, row => Assert.Equal(2 * 8, row.Exact.Count));
        Assert.Contains("| SPIN, iteration 1 |", SampleComparison.Table(rows), StringComparison.Ordinal);
        Assert.Equal(SampleComparison.Table(rows), SampleComparison.Table(comparison.Play(In("out"), seeds: [1, 2], (_, told) => Assert.Fail($"ran again: {told}"))!));
    }
}
