namespace SpinStudio.Engine.Training;

/// <summary>
/// Linear warm-up from 0, then linear decay to 0 (the schedule of the SPIN runs):
/// lr(s) = peak·s/warm for s &lt; warm, else peak·(total−s)/(total−warm), with warm = ceil(ratio·total).
/// </summary>
/// <param name="Peak">Highest learning rate.</param>
/// <param name="TotalSteps">Steps the schedule spans; training may stop earlier.</param>
/// <param name="WarmupRatio">Share of the steps spent warming up.</param>
public readonly record struct LearningRateSchedule(double Peak, int TotalSteps, double WarmupRatio)
{
    public int WarmupSteps => (int)Math.Ceiling(WarmupRatio * TotalSteps);

    /// <summary>Learning rate of optimizer step <paramref name="step"/>, counted from 0.</summary>
    public double At(int step) => step < WarmupSteps
        ? Peak * step / WarmupSteps
        : Peak * Math.Max(0, TotalSteps - step) / Math.Max(1, TotalSteps - WarmupSteps);
}
