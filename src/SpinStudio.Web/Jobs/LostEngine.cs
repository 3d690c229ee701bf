using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Jobs;

/// <summary>Words for an engine that ended without writing why.</summary>
internal static class LostEngine
{
    public const int LogLines = 50;

    private const int SignalBase = 128;
    private const int SigKill = 9;

    private static readonly Dictionary<int, string> Signals = new()
    {
        [1] = "SIGHUP", [2] = "SIGINT", [4] = "SIGILL", [6] = "SIGABRT", [7] = "SIGBUS", [8] = "SIGFPE", [SigKill] = "SIGKILL", [11] = "SIGSEGV", [15] = "SIGTERM",
    };

    /// <param name="exitCode">Null when another process started the engine.</param>
    /// <param name="resumes">Automatic resumes that were tried.</param>
    public static FailedEvent Describe(int? exitCode, int resumes) => exitCode == SignalBase + SigKill
        ? new FailedEvent("out_of_memory", $"The engine was killed ({How(exitCode)}), most likely because memory ran out; {resumes} resumes did not help.",
            ["Halve micro_batch_size: the gradient stays the same, memory falls.", "Lower generation.batch_size.", "Set gradient_checkpointing: a third more arithmetic, much less memory in training.", "Set lora.rank to train adapters.", "Lower max_length.", "Choose a smaller model.", "Close other programs on this machine."])
        : new FailedEvent("engine_lost", $"The engine went away without saying why ({How(exitCode)}); {resumes} resumes did not help.",
            ["Read the last lines of the log below.", "Resume: the run continues from its last checkpoint.", "Run './studio cli doctor' on this machine."]);

    /// <summary>The engine refused its input before it could open its journal; its last line says what.</summary>
    public static FailedEvent BadInput(IReadOnlyList<string> log) => new(
        "bad_input", log.LastOrDefault(line => !string.IsNullOrWhiteSpace(line)) ?? "The engine refused its input.", ["Correct what the message names and start a new run."]);

    private static string How(int? exitCode) => exitCode switch
    {
        null => "exit code unknown",
        > SignalBase when Signals.TryGetValue(exitCode.Value - SignalBase, out var name) => $"signal {name}",
        _ => $"exit code {exitCode}",
    };
}
