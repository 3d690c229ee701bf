using SpinStudio.Engine.DataParallel;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Evaluation;

/// <summary>What is measured on the held-out examples: exact checks of sampled answers, likelihood of the human ones, and the implicit reward's judgement.</summary>
public static class HeldOutEvaluation
{
    /// <summary>Sequences scored in one forward.</summary>
    private const int BatchSize = 16;

    /// <summary>Summed log-prob of each sequence, fp32, in their order.</summary>
    /// <param name="scored">After each batch: sequences done.</param>
    /// <param name="ranks">Who share the batches; every rank gets all log-probs.</param>
    public static float[] LogProbs(
        LlamaModel model, IReadOnlyList<TokenSequence> sequences, Action<int>? scored = null, Ranks? ranks = null, CancellationToken cancel = default)
    {
        using var noGrad = torch.no_grad();
        var logProbs = new float[sequences.Count];
        var done = 0;
        var batches = Enumerable.Range(0, sequences.Count).OrderBy(i => sequences[i].Length).ThenBy(i => i).Chunk(BatchSize).ToList();
        foreach (var (members, values) in batches.Zip((ranks ?? Ranks.Alone).Share(batches, Score)))
        {
            for (var i = 0; i < members.Length; i++)
                logProbs[members[i]] = values[i];
            scored?.Invoke(done += members.Length);
        }
        return logProbs;

        float[] Score(int[] members)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var batch = new AnswerBatch();
            foreach (var i in members)
                batch.Add(sequences[i].Prompt, sequences[i].Answer);
            return batch.LogProbs(model).cpu().data<float>().ToArray();
        }
    }

    /// <param name="answers">The model's sampled answers to the held-out prompts.</param>
    /// <param name="human">The human answers, as sequences, and their log-probs under the model.</param>
    /// <param name="before">The human answers' log-probs under the model before; null for the starting model.</param>
    /// <param name="margins">Implicit reward margins of held-out pairs (human answer, this iteration's opponent's answer), if there was an opponent.</param>
    public static EvaluationReport Report(
        int iteration, IReadOnlyList<Pair> answers, IReadOnlyList<TokenSequence> human, float[] humanLogProbs, float[]? before, IReadOnlyList<double>? margins)
    {
        var byKind = answers.Where(a => a.Exact is not null).ToLookup(a => a.CheckKind ?? "");
        return new EvaluationReport
        {
            Iteration = iteration,
            Examples = human.Count,
            Exact = byKind.Count == 0 ? null : Passed(byKind.SelectMany(kind => kind)),
            ExactByKind = byKind.OrderBy(kind => kind.Key, StringComparer.Ordinal).ToDictionary(kind => kind.Key, Passed),
            Nll = Intervals.Mean([.. human.Select((sequence, i) => -humanLogProbs[i] / (double)sequence.Answer.Length)]),
            NllChange = before is null ? null : Intervals.Mean([.. human.Select((sequence, i) => ((double)before[i] - humanLogProbs[i]) / sequence.Answer.Length)]),
            RewardAccuracy = margins is null ? null : Intervals.Rate(margins.Count(m => m > 0), margins.Count),
            RewardMargin = margins is null ? null : Intervals.Mean([.. margins]),
            MeanLength = answers.Count == 0 ? 0 : answers.Average(a => a.GeneratedIds.Count),
            TruncatedShare = answers.Count == 0 ? 0 : answers.Count(a => a.FinishReason == Generation.GeneratedAnswer.Length) / (double)answers.Count,
        };
    }

    private static Estimate Passed(IEnumerable<Pair> answers)
    {
        var results = answers.Select(a => a.Exact == true).ToList();
        return Intervals.Rate(results.Count(passed => passed), results.Count);
    }
}
