using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Training;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>
/// Self-play fine-tuning, Algorithm 1 of Chen et al. (arXiv 2401.01335): the opponent θt answers the prompts, the main player learns to tell the human
/// answers from the opponent's, and becomes the next opponent.
/// </summary>
public sealed class SpinRun(RunContext run)
{
    public void Play()
    {
        run.Evaluate(-1, loss: null);
        for (var t = 0; t < run.Config.Iterations; t++)
        {
            run.Generate(t);
            var selection = Select(t);
            run.TrainAndSave(t, () => Objective(t, selection));
            run.Evaluate(t, SpinLoss.Of(run.Config, t));
            run.Journal.Write(new IterationEvent(
                t, Path.GetRelativePath(run.Folder.Root, run.Folder.Model(t)), Models.ModelWeights.Sha256(run.Folder.Model(t)),
                selection.Pairs.Count, selection.Dropped, run.Journal.SecondsWorked(t)));
        }
    }

    /// <summary>Pairs of the last <see cref="RunConfig.Window"/> iterations, oldest first: the paper trains on those of t−1 and t.</summary>
    private PairSelection Select(int iteration)
    {
        var window = Enumerable.Range(0, iteration + 1).TakeLast(run.Config.Window).SelectMany(t => AnswerGeneration.Read(run.Folder.Pairs(t)));
        var selection = PairSelection.From(window, run.Train, run.Encoder, run.Config);
        return selection.Pairs.Count > 0
            ? selection
            : throw new BadInputException(
                $"iteration {iteration} has no pair to train on ({string.Join(", ", selection.Dropped.Select(d => $"{d.Value} {d.Key}"))}): the opponent already answers as the dataset does, or max_length {run.Config.MaxLength} leaves no room");
    }

    private SpinObjective Objective(int iteration, PairSelection selection)
    {
        var microBatches = MicroBatches.Compose(
            [.. selection.Pairs.Select(p => p.Tokens)], run.Config.MicroBatchSize, RandomStream.From(run.Config.Seed, iteration, (int)RunPhase.Score));
        return new SpinObjective(selection.Pairs, microBatches, Reference(iteration, selection, microBatches), SpinLoss.Of(run.Config, iteration));
    }

    /// <summary>Log-probs of the pairs under the model that opens the iteration, also of those that an older opponent generated.</summary>
    private ReferenceLogProbs Reference(int iteration, PairSelection selection, int[][] microBatches)
    {
        var path = run.Folder.Reference(iteration);
        if (!run.Ranks.Agreed(() => File.Exists(path)))
        {
            run.Progress.Enter(iteration, RunPhase.Score, selection.Pairs.Count);
            var reference = ReferenceLogProbs.Score(
                run.MainPlayer(iteration), selection.Pairs, microBatches, path + ".partial", run.Ranks, (done, tokens) => run.Progress.Tell(done, tokens), run.Stop);
            run.Ranks.Once(() => reference.Save(path));
            if (run.Ranks.IsFirst) File.Delete(path + ".partial");
            run.Progress.Leave();
        }
        return ReferenceLogProbs.Load(path);
    }
}
