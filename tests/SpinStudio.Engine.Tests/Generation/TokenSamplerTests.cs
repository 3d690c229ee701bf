using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Tests.Generation;

public sealed class TokenSamplerTests
{
    private static readonly float[] Logits = [1f, 3f, -2f, 2f, 0.5f];

    [Fact]
    public void Temperature_zero_takes_the_likeliest() => Assert.Equal(1, Draw(new() { Temperature = 0 }, 0.999));

    [Fact]
    public void Frequencies_follow_the_softmax()
    {
        var counts = Frequencies(new() { Temperature = 1 });
        var weights = Logits.Select(l => Math.Exp(l)).ToArray();
        for (var i = 0; i < weights.Length; i++)
            Assert.Equal(weights[i] / weights.Sum(), counts[i], 0.01);
    }

    [Fact]
    public void Temperature_divides_the_logits()
    {
        var counts = Frequencies(new() { Temperature = 2 });
        var weights = Logits.Select(l => Math.Exp(l / 2)).ToArray();
        for (var i = 0; i < weights.Length; i++)
            Assert.Equal(weights[i] / weights.Sum(), counts[i], 0.01);
    }

    [Fact]
    public void Top_k_keeps_the_k_likeliest()
    {
        var counts = Frequencies(new() { TopK = 2 });
        Assert.Equal(1, counts[1] + counts[3], 1e-9);
        Assert.Equal(1 / (1 + Math.Exp(-1)), counts[1], 0.01);
    }

    /// <summary>Probabilities in order are .61, .22, .08, .05, …: the first two reach .7, one alone does not.</summary>
    [Fact]
    public void Top_p_keeps_the_smallest_set_that_reaches_p()
    {
        var counts = Frequencies(new() { TopP = 0.7 });
        Assert.Equal(1, counts[1] + counts[3], 1e-9);
        Assert.True(counts[3] > 0.2);
    }

    [Fact]
    public void Equal_logits_are_kept_by_lower_id()
    {
        var sampler = new TokenSampler();
        float[] level = [1, 1, 1, 1];
        Assert.All(Enumerable.Range(0, 100), i => Assert.InRange(sampler.Draw(new() { TopK = 2 }, level, i / 100.0), 0, 1));
    }

    private static int Draw(GenerationConfig config, double uniform) => new TokenSampler().Draw(config, Logits, uniform);

    private static double[] Frequencies(GenerationConfig config)
    {
        var sampler = new TokenSampler();
        var stream = RandomStream.From(1);
        var counts = new double[Logits.Length];
        for (var i = 0; i < 20_000; i++)
            counts[sampler.Draw(config, Logits, stream.NextDouble())] += 1 / 20_000.0;
        return counts;
    }
}
