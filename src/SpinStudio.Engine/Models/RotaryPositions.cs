using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>
/// Rotary position embedding (Su et al., arXiv 2104.09864) in the half-split layout of Hugging Face checkpoints: cosines and sines of
/// position · frequency, kept in fp32 because bf16 cannot tell most positions apart.
/// </summary>
public sealed class RotaryPositions : IDisposable
{
    private readonly double[] _frequencies;
    private Tensor _cos, _sin;

    public RotaryPositions(ModelConfig config)
    {
        _frequencies = Frequencies(config);
        (_cos, _sin) = Tables(Math.Min(config.MaxPositions, 2048));
    }

    /// <summary>Cosines and sines of positions 0 … <paramref name="length"/>−1, each [length, head_dim / 2], fp32.</summary>
    public (Tensor Cos, Tensor Sin) Upto(long length)
    {
        Grow(length);
        return (_cos.narrow(0, 0, length), _sin.narrow(0, 0, length));
    }

    /// <summary>Cosines and sines of given positions [n], each [n, head_dim / 2], fp32.</summary>
    /// <param name="longest">A bound of the positions.</param>
    public (Tensor Cos, Tensor Sin) At(Tensor positions, long longest)
    {
        Grow(longest + 1);
        return (_cos.index_select(0, positions), _sin.index_select(0, positions));
    }

    /// <summary>Turns x [..., head_dim] by angles that broadcast to [..., head_dim / 2].</summary>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        var half = x.shape[^1] / 2;
        Tensor a = x.narrow(-1, 0, half), b = x.narrow(-1, half, half);
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype);
    }

    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }

    /// <summary>Inverse wavelengths, θ^(−2i/d), after the config's scaling.</summary>
    internal static double[] Frequencies(ModelConfig config)
    {
        var frequencies = new double[config.HeadDim / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = Scale(config.RopeScaling, Math.Pow(config.RopeTheta, -2.0 * i / config.HeadDim));
        return frequencies;
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

    private void Grow(long length)
    {
        if (_cos.shape[0] >= length) return;
        Dispose();
        (_cos, _sin) = Tables(length * 2);
    }

    private (Tensor Cos, Tensor Sin) Tables(long length)
    {
        var cos = new float[length * _frequencies.Length];
        var sin = new float[cos.Length];
        for (var (position, at) = (0, 0); position < length; position++)
            foreach (var frequency in _frequencies)
                (cos[at], sin[at++]) = ((float)Math.Cos(position * frequency), (float)Math.Sin(position * frequency));
        return (torch.tensor(cos, [length, _frequencies.Length]).DetachFromDisposeScope(), torch.tensor(sin, [length, _frequencies.Length]).DetachFromDisposeScope());
    }
}
