using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>
/// Angles of the rotary position embedding (Su et al., arXiv 2104.09864): cosines and sines of position · frequency, kept in fp32 because bf16 cannot
/// tell most positions apart.
/// </summary>
public sealed class RotaryPositions : IDisposable
{
    public RotaryPositions(ModelConfig config)
    {
        var frequencies = Frequencies(config);
        var scale = config.RopeScaling is RopeScaling.Yarn yarn ? yarn.AttentionFactor : 1;
        var cos = new float[(long)config.MaxPositions * frequencies.Length];
        var sin = new float[cos.Length];
        for (var (position, at) = (0, 0); position < config.MaxPositions; position++)
            foreach (var frequency in frequencies)
                (cos[at], sin[at++]) = ((float)(scale * Math.Cos(position * frequency)), (float)(scale * Math.Sin(position * frequency)));
        Cos = torch.tensor(cos, [config.MaxPositions, frequencies.Length]).DetachFromDisposeScope();
        Sin = torch.tensor(sin, [config.MaxPositions, frequencies.Length]).DetachFromDisposeScope();
    }

    /// <summary>[positions, head_dim / 2], fp32.</summary>
    public Tensor Cos { get; }

    /// <summary>The same.</summary>
    public Tensor Sin { get; }

    public void Dispose()
    {
        Cos.Dispose();
        Sin.Dispose();
    }

    /// <summary>Inverse wavelengths, θ^(−2i/d), after the config's scaling.</summary>
    internal static double[] Frequencies(ModelConfig config)
    {
        var frequencies = new double[config.HeadDim / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            var frequency = Math.Pow(config.RopeTheta, -2.0 * i / config.HeadDim);
            frequencies[i] = config.RopeScaling is RopeScaling.Yarn yarn ? Blend(yarn, config, i, frequency) : Scale(config.RopeScaling, frequency);
        }
        return frequencies;
    }

    /// <summary>YaRN: between the frequency as it is and its factor-th part, by how often it turns within the original positions.</summary>
    private static double Blend(RopeScaling.Yarn yarn, ModelConfig config, int i, double frequency)
    {
        var (low, high) = (Place(yarn.BetaFast), Place(yarn.BetaSlow));
        if (yarn.IsTruncated)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, config.HeadDim - 1));
        var divided = Math.Clamp((i - low) / (high == low ? 0.001 : high - low), 0, 1);
        return frequency / yarn.Factor * divided + frequency * (1 - divided);

        // The place among the frequencies, not whole, of the one that turns so often.
        double Place(double turns) => config.HeadDim * Math.Log(yarn.OriginalMaxPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));
    }

    /// <summary>
    /// <c>linear</c> divides every frequency; <c>llama3</c> keeps those of short wavelength, divides those of long wavelength and blends between
    /// (Llama 3.1's rule, as in the Hugging Face config fields).
    /// </summary>
    private static double Scale(RopeScaling? scaling, double frequency)
    {
        switch (scaling)
        {
            case RopeScaling.Linear linear:
                return frequency / linear.Factor;
            case RopeScaling.Llama3 llama3:
                var wavelength = 2 * Math.PI / frequency;
                if (wavelength < llama3.OriginalMaxPositions / llama3.HighFrequencyFactor) return frequency;
                if (wavelength > llama3.OriginalMaxPositions / llama3.LowFrequencyFactor) return frequency / llama3.Factor;
                var keep = (llama3.OriginalMaxPositions / wavelength - llama3.LowFrequencyFactor) / (llama3.HighFrequencyFactor - llama3.LowFrequencyFactor);
                return (1 - keep) * frequency / llama3.Factor + keep * frequency;
            default:
                return frequency;
        }
    }
}
