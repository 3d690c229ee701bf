using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Models;

/// <summary>One change of a run's settings, and what the engine would need with it.</summary>
/// <param name="Text">For people, such as <c>micro_batch_size 2 (now 8)</c>.</param>
/// <param name="Bytes">As <see cref="MemoryEstimate.Peak(ModelConfig, RunConfig)"/> gives it.</param>
public sealed record FittingChange(string Text, RunConfig Run, long Bytes);

/// <summary>Settings with which a run should fit into a memory, by <see cref="MemoryEstimate"/>.</summary>
public static class FittingSettings
{
    /// <summary>Share of the memory that is planned with; the rest is for others.</summary>
    private const double Usable = 0.9;

    /// <summary>A run that fits by the estimate and yet did not must come down at least so far.</summary>
    private const double Less = 0.75;

    private const int UsualRank = 16;

    /// <summary>Changes that fit, those that cost least first: nothing but time, then the kind of training, then the data.</summary>
    /// <param name="memory">Bytes of the machine.</param>
    public static IReadOnlyList<FittingChange> For(ModelConfig model, RunConfig run, long memory)
    {
        var limit = (long)Math.Min(Usable * memory, Less * MemoryEstimate.Peak(model, run));
        return [.. Candidates(run).Select(Smallest).OfType<FittingChange>()];

        // The first of ever smaller settings that fits.
        FittingChange? Smallest(IEnumerable<(string Text, RunConfig Run)> ever) =>
            ever.Select(change => new FittingChange(change.Text, change.Run, MemoryEstimate.Peak(model, change.Run))).FirstOrDefault(change => change.Bytes <= limit);
    }

    private static IEnumerable<IEnumerable<(string Text, RunConfig Run)>> Candidates(RunConfig run)
    {
        var checkpointing = run with { GradientCheckpointing = true };
        var adapters = checkpointing with { Lora = run.Lora with { Rank = UsualRank } };
        yield return Halves(run.MicroBatchSize, 1).Select(n => ($"micro_batch_size {n} (now {run.MicroBatchSize}; the gradients stay the same)", run with { MicroBatchSize = n }));
        yield return Halves(run.Generation.BatchSize, 1).Select(n => ($"generation.batch_size {n} (now {run.Generation.BatchSize})", run with { Generation = run.Generation with { BatchSize = n } }));
        if (!run.GradientCheckpointing)
            yield return Halves(2 * run.MicroBatchSize, 1).Select(n => (n == run.MicroBatchSize ? "gradient_checkpointing true" : $"gradient_checkpointing true and micro_batch_size {n}", checkpointing with { MicroBatchSize = n }));
        if (run.Lora.Rank == 0)
            yield return Halves(2 * run.MicroBatchSize, 1).Select(n => ($"lora.rank {UsualRank}, gradient_checkpointing true and micro_batch_size {n}", adapters with { MicroBatchSize = n }));
        yield return Halves(run.MaxLength, 64).Select(n => ($"max_length {n} (now {run.MaxLength}) with generation.max_new_tokens {Math.Min(run.Generation.MaxNewTokens, n / 2)}, gradient_checkpointing true and micro_batch_size 1", checkpointing with
        {
            MicroBatchSize = 1, MaxLength = n, MaxPromptLength = Math.Min(run.MaxPromptLength, n / 2), Generation = run.Generation with { MaxNewTokens = Math.Min(run.Generation.MaxNewTokens, n / 2) },
        }));
    }

    /// <summary>n/2, n/4, … down to the least.</summary>
    private static IEnumerable<int> Halves(int n, int least)
    {
        for (n /= 2; n >= least; n /= 2)
            yield return n;
    }
}
