using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;

namespace SpinStudio.Engine.Training;

/// <summary>Supervised fine-tuning on the human answers, as one iteration: the baseline that self-play is measured against, and what makes a starting model.</summary>
public sealed class SftRun(RunContext run)
{
    /// <returns>The one iteration, 0.</returns>
    public int Play()
    {
        run.Evaluate(-1, loss: null);
        var examples = run.Train.Select(example => (example.PromptId, Encoded: run.Encoder.Encode(example)))
            .Where(e => e.Encoded.Answer.Length > 0).Select(e => (e.PromptId, new TokenSequence(e.Encoded.Prompt, e.Encoded.Answer))).ToList();
        if (examples.Count == 0)
            throw new BadInputException($"max_length {run.Config.MaxLength} leaves no room for any answer; raise it or lower max_prompt_length {run.Config.MaxPromptLength}");
        run.TrainAndSave(0, () => new SftObjective(examples, MicroBatches.Compose(
            [.. examples.Select(e => e.Item2.Length)], run.Config.MicroBatchSize, RandomStream.From(run.Config.Seed, 0, (int)RunPhase.Score))));
        run.Evaluate(0, loss: null);
        run.Journal.Write(new IterationEvent(
            0, Path.GetRelativePath(run.Folder.Root, run.Folder.Model(0)), Models.ModelWeights.Sha256(run.Folder.Model(0)),
            examples.Count, new Dictionary<string, int> { ["too_long"] = run.Train.Count - examples.Count }, run.Journal.SecondsWorked(0)));
        return 0;
    }
}
