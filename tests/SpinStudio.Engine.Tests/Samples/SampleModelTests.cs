using SpinStudio.Engine.Models;
using SpinStudio.Engine.Samples;
using SpinStudio.Engine.Tokenization;
using Xunit;

namespace SpinStudio.Engine.Tests.Samples;

public sealed class SampleModelTests
{
    [Fact]
    public void A_fresh_model_is_a_sound_folder_with_one_token_a_word()
    {
        using var folder = new TemporaryFolder();
        SampleModel.WriteFresh(folder.Path, SampleDataset.Mixed(4000), seed: 1);

        ModelFolder model = ModelFolder.Open(folder.Path);
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal(tokenizer.VocabSize, model.Config.VocabSize);
        Assert.Equal([tokenizer.EosTokenId!.Value], model.StopTokenIds);
        Assert.True(2 * model.ParameterCount < 12_000_000, $"{model.ParameterCount} parameters are too many for 12 MB of bf16");
        foreach (string word in Vocabulary.Heroes.Concat(Vocabulary.Animals).Concat(Vocabulary.Objects).Concat(Vocabulary.Traits))
        {
            Assert.Single(tokenizer.Encode(" " + word));
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_weights_and_another_seed_others()
    {
        using var folder = new TemporaryFolder();
        var examples = SampleDataset.Mixed(500);
        byte[] Weights(string name, int seed)
        {
            SampleModel.WriteFresh(Path.Combine(folder.Path, name), examples, seed);
            return File.ReadAllBytes(Path.Combine(folder.Path, name, ModelWeights.SingleFile));
        }
        byte[] first = Weights("first", 1);
        Assert.Equal(first, Weights("again", 1));
        Assert.NotEqual(first, Weights("other", 2));
    }
}
