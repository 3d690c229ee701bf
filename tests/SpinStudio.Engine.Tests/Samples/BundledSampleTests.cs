using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Samples;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Testing;
using Xunit;

namespace SpinStudio.Engine.Tests.Samples;

/// <summary>What lies in samples/ is what the code makes and reads.</summary>
public sealed class BundledSampleTests
{
    private static readonly string Samples = Path.Combine(Checkout.Root, "samples");

    [Fact]
    public void Dataset_is_what_the_generator_writes()
    {
        using var folder = new TemporaryFolder();
        SampleDataset.Write(folder.Path);
        foreach (string file in Directory.EnumerateFiles(folder.Path))
        {
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(Samples, "dataset", Path.GetFileName(file))));
        }
    }

    [Fact]
    public void Model_is_sound_small_and_reads_its_own_dataset_whole()
    {
        ModelFolder model = ModelFolder.Open(Path.Combine(Samples, "model"));
        Assert.Equal(["BF16"], model.Dtypes);
        Assert.InRange(model.WeightBytes, 1, 12_000_000);
        RunConfig config = RunConfigFile.Load(Path.Combine(Samples, "default.json"));
        ConversationEncoder whole = ConversationEncoder.Load(model.Path, int.MaxValue, int.MaxValue);
        foreach (Example example in SampleDataset.Train())
        {
            EncodedExample encoded = whole.Encode(example);
            Assert.InRange(encoded.Prompt.Length, 1, config.MaxPromptLength);
            Assert.InRange(encoded.Answer.Length, 1, config.Generation.MaxNewTokens);
        }
    }

    [Theory]
    [InlineData("quick.json", RunKind.Spin, 3)]
    [InlineData("default.json", RunKind.Spin, 3)]
    [InlineData("continued-sft.json", RunKind.Sft, 1)]
    public void Config_can_be_run_as_it_lies(string name, RunKind kind, int iterations)
    {
        RunConfig config = RunConfigFile.Load(Path.Combine(Samples, name));
        RunConfigFile.CheckInputs(config);
        Assert.Equal(kind, config.Kind);
        Assert.True(config.Iterations >= iterations);
        Assert.Equal(Path.Combine(Samples, "dataset", "held-out.jsonl"), config.HeldOut);
    }
}
