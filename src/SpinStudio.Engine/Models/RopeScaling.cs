namespace SpinStudio.Engine.Models;

/// <summary>How rotary frequencies are changed to reach longer contexts.</summary>
public abstract record RopeScaling
{
    /// <summary>Kinds that are understood, as <c>rope_type</c> names them.</summary>
    public static IReadOnlyList<string> Supported { get; } = ["default", "linear", "dynamic", "llama3", "yarn"];

    /// <summary>Every position is divided by <paramref name="Factor"/>.</summary>
    public sealed record Linear(double Factor) : RopeScaling;

    /// <summary>
    /// Llama 3.1: frequencies with wavelength above original/low are divided by the factor, those below original/high stay, those between are blended.
    /// </summary>
    public sealed record Llama3(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions) : RopeScaling;

    /// <summary>Frequencies change once a sequence is longer than the model's positions; up to there, which is as far as this engine goes, they are as they are.</summary>
    public sealed record Dynamic(double Factor) : RopeScaling;

    /// <summary>
    /// YaRN (Peng et al., arXiv 2309.00071): frequencies that turn more than <paramref name="BetaFast"/> times within the original positions stay, those that turn less than
    /// <paramref name="BetaSlow"/> times are divided by the factor, those between are blended.
    /// </summary>
    /// <param name="AttentionFactor">Cosines and sines are multiplied by it.</param>
    /// <param name="IsTruncated">The bounds of the blend are rounded to whole frequencies.</param>
    public sealed record Yarn(double Factor, int OriginalMaxPositions, double AttentionFactor, double BetaFast = 32, double BetaSlow = 1, bool IsTruncated = true) : RopeScaling;
}
