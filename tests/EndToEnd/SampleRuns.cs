namespace EndToEnd;

/// <summary>Runs that the empty studio may start by itself instead of the bundled one.</summary>
internal static class SampleRuns
{
    /// <summary>Two iterations in some seconds.</summary>
    public const string TinyName = "Tiny sample run";

    /// <summary>Long enough to be stopped in the middle.</summary>
    public const string SlowName = "Slow sample run";

    public static string Tiny => Repository.In("tests", "EndToEnd", "Runs", "tiny.json");

    public static string Slow => Repository.In("tests", "EndToEnd", "Runs", "slow.json");
}
