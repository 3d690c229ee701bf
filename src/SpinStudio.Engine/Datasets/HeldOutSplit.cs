namespace SpinStudio.Engine.Datasets;

/// <summary>Sets examples aside by their prompt's id: the same prompt is always on the same side, whatever else is in the file.</summary>
public static class HeldOutSplit
{
    /// <param name="fraction">Expected share of prompts that are held out, 0 to 1.</param>
    public static (List<Example> Train, List<Example> HeldOut) Of(IEnumerable<Example> examples, double fraction)
    {
        var sides = examples.ToLookup(example => Share(example.PromptId) < fraction);
        return ([.. sides[false]], [.. sides[true]]);
    }

    /// <summary>A number in [0, 1) that belongs to the prompt. Other digits of the id than those that people would sort by.</summary>
    private static double Share(string promptId) => Convert.ToUInt32(promptId[8..16], 16) / (double)(1L << 32);
}
