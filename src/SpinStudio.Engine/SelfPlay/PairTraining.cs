using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Training;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>An iteration once its pairs are there: scores them under the model that opens it, trains, saves and evaluates.</summary>
public static class PairTraining
{
    public static void Play(RunContext run, int iteration, PairSelection selection)
    {
        var inherited = run.Ranks.Agreed(() => File.Exists(run.Folder.Reference(iteration)) || File.Exists(Partial(run, iteration)));
        try
        {
            run.TrainAndSave(iteration, () => Objective(run, iteration, selection));
        }
        catch (InvariantException) when (inherited)
        {
            run.Journal.Log(
                "The reference log-probs that an earlier process left are not those that this one computes: another number of threads or ranks, another processor or another libtorch rounds otherwise. " +
                "They are computed again.", "warning");
            run.Ranks.Once(() => File.Delete(run.Folder.Reference(iteration)));
            run.TrainAndSave(iteration, () => Objective(run, iteration, selection));
        }
        run.Evaluate(iteration, SpinLoss.Of(run.Config, iteration));
        run.Journal.Write(new IterationEvent(
            iteration, Path.GetRelativePath(run.Folder.Root, run.Folder.Model(iteration)), ModelWeights.Sha256(run.Folder.Model(iteration)),
            selection.Pairs.Count, selection.Dropped, run.Journal.SecondsWorked(iteration)));
    }

    private static SpinObjective Objective(RunContext run, int iteration, PairSelection selection)
    {
        var microBatches = MicroBatches.Compose(
            [.. selection.Pairs.Select(p => p.Tokens)], run.Config.MicroBatchSize, RandomStream.From(run.Config.Seed, iteration, (int)RunPhase.Score));
        return new SpinObjective(selection.Pairs, microBatches, Reference(run, iteration, selection, microBatches), SpinLoss.Of(run.Config, iteration));
    }

    /// <summary>Log-probs of the pairs under the model that opens the iteration, also of those that an older opponent generated.</summary>
    private static ReferenceLogProbs Reference(RunContext run, int iteration, PairSelection selection, int[][] microBatches)
    {
        var path = run.Folder.Reference(iteration);
        if (!run.Ranks.Agreed(() => File.Exists(path)))
        {
            run.Progress.Enter(iteration, RunPhase.Score, selection.Pairs.Count);
            var reference = ReferenceLogProbs.Score(
                run.MainPlayer(iteration), selection.Pairs, microBatches, Partial(run, iteration), run.Ranks, (done, tokens) => run.Progress.Tell(done, tokens), run.Stop);
            run.Ranks.Once(() => reference.Save(path));
            run.Progress.Leave();
        }
        if (run.Ranks.IsFirst) File.Delete(Partial(run, iteration));
        return ReferenceLogProbs.Load(path);
    }

    private static string Partial(RunContext run, int iteration) => run.Folder.Reference(iteration) + ".partial";
}
