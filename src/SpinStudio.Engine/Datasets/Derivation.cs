using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Datasets;

/// <summary>Datasets made from datasets. Rows are streamed; the same rows and seed give the same result.</summary>
public static class Derivation
{
    /// <summary>Whether a prompt is held out: decided by its id and the seed alone, so that all rows with the same prompt are on the same side.</summary>
    /// <param name="share">Expected share of prompts that are held out, 0 to 1.</param>
    public static bool IsHeldOut(Example example, double share, long seed) => RandomStream.From(seed, unchecked((long)Convert.ToUInt64(example.PromptId, 16))).NextDouble() < share;

    /// <summary>A uniform sample without replacement, in the order of the rows (selection sampling: Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).</summary>
    /// <param name="total">How many rows there are.</param>
    /// <param name="count">How many to take; all when there are fewer.</param>
    public static IEnumerable<Example> Sample(IEnumerable<Example> rows, int total, int count, long seed)
    {
        var random = RandomStream.From(seed);
        var (seen, taken) = (0, 0);
        foreach (var row in rows)
        {
            if ((total - seen++) * random.NextDouble() < count - taken)
            {
                taken++;
                yield return row;
            }
        }
    }

    /// <summary>The first row of each kind.</summary>
    /// <param name="byPrompt">Rows are the same when their prompt and system message are; otherwise the answer must be, too.</param>
    /// <param name="except">Rows with these prompts are left out.</param>
    public static IEnumerable<Example> Distinct(IEnumerable<Example> rows, bool byPrompt, IEnumerable<Example> except)
    {
        var left = except.Select(row => row.PromptId).ToHashSet();
        return rows.Where(row => !left.Contains(row.PromptId)).DistinctBy(row => byPrompt ? row.PromptId : Example.IdOf(row.Response, row.PromptId));
    }
}
