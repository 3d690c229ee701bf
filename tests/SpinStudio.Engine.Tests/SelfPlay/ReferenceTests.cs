using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Training;

namespace SpinStudio.Engine.Tests.SelfPlay;

/// <summary>Reference log-probs that an earlier process left: taken over where they are those of the weights, computed again where they are not.</summary>
public sealed class ReferenceTests : IDisposable
{
    private readonly SmallRun _small = new(train: 12, heldOut: 4);

    /// <summary>As a run finds them that is resumed with another number of threads, or on another machine, before its first checkpoint.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.01f, 1)]
    public void What_an_earlier_process_computed_otherwise_is_computed_again(float off, int warnings)
    {
        var folder = KilledAfterItsFirstStep();
        var left = ReferenceLogProbs.Load(folder.Reference(0));
        (left with { Real = Array.ConvertAll(left.Real, value => value + off) }).Save(folder.Reference(0));

        var (outcome, events, _) = _small.Play(_small.Config, resume: true);

        Assert.Equal(RunOutcome.Finished, outcome);
        Assert.Equal(warnings, events.OfType<LogEvent>().Count(log => log.Level == "warning"));
        Assert.Equal(left.Real, ReferenceLogProbs.Load(folder.Reference(0)).Real);
        Assert.Equal(ModelWeights.Sha256(_small.Play(_small.Config, "at once").Folder.Model(0)), ModelWeights.Sha256(folder.Model(0)));
    }

    private RunFolder KilledAfterItsFirstStep()
    {
        var folder = new RunFolder(_small.In("run"));
        using var stop = new CancellationTokenSource();
        Assert.Equal(RunOutcome.Stopped, EngineRun.Play(_small.Config, folder, resume: false, told => { if (told is MetricsEvent) stop.Cancel(); }, stop.Token));
        Checkpoint.Clear(folder.Iteration(0));
        return folder;
    }

    public void Dispose() => _small.Dispose();
}
