using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>
/// Self-play fine-tuning, Algorithm 1 of Chen et al. (arXiv 2401.01335): the opponent θt answers the prompts, the main player learns to tell the human
/// answers from the opponent's, and becomes the next opponent.
/// </summary>
public sealed class SpinRun(RunContext run)
{
    /// <summary>Plays all iterations, or as many as the held-out evidence lets stand.</summary>
    /// <returns>The iteration whose model to keep.</returns>
    public int Play()
    {
        run.Evaluate(-1, loss: null);
        for (var t = 0; t < run.Config.Iterations; t++)
        {
            run.Generate(t);
            PairTraining.Play(run, t, Select(t));
            if (run.Config.EarlyStop != EarlyStopMode.Off && Ends(t, out var kept)) return kept;
        }
        return run.Config.Iterations - 1;
    }

    /// <summary>Tells what the evidence says about another iteration, and whether the run ends by it.</summary>
    private bool Ends(int iteration, out int kept)
    {
        var advice = run.Ranks.Agreed(() => EarlyStop.Judge(run.Folder, run.Config, iteration));
        kept = advice.Keep ?? iteration;
        var ends = advice.Kind == AdviceKind.Stop && run.Config.EarlyStop == EarlyStopMode.Gate && iteration < run.Config.Iterations - 1;
        run.Journal.Write(new AdviceEvent(iteration, advice.Kind, advice.Keep, advice.Sentence, advice.Evidence, ends));
        return ends;
    }

    /// <summary>Pairs of the last <see cref="RunConfig.Window"/> iterations, oldest first: the paper trains on those of t−1 and t.</summary>
    private PairSelection Select(int iteration)
    {
        var window = Enumerable.Range(0, iteration + 1).TakeLast(run.Config.Window).SelectMany(t => AnswerGeneration.Read(run.Folder.Pairs(t)));
        var selection = PairSelection.From(window, run.Train, run.Encoder, run.Config);
        return selection.Pairs.Count > 0
            ? selection
            : throw new BadInputException(
                $"iteration {iteration} has no pair to train on ({selection.DroppedText}): the opponent already answers as the dataset does, or max_length {run.Config.MaxLength} leaves no room");
    }
}
