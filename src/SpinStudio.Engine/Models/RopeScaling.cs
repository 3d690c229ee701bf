namespace SpinStudio.Engine.Models;

/// <summary>How rotary frequencies are changed to reach longer contexts.</summary>
public abstract record RopeScaling
{
    /// <summary>Kinds that are understood, as <c>rope_type</c> names them.</summary>
    public static IReadOnlyList<string> Supported { get; } = ["default", "linear", "llama3"];

    /// <summary>Every position is divided by <paramref name="Factor"/>.</summary>
    public sealed record Linear(double Factor) : RopeScaling;

    /// <summary>
    /// Llama 3.1: frequencies with wavelength above original/low are divided by the factor, those below original/high stay, those between are blended.
    /// </summary>
    public sealed record Llama3(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions) : RopeScaling;
}
