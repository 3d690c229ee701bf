using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli;

/// <summary>What a shell, a scheduler or the studio learns from how the process ended.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>An error of ours or of the machine; the message says what it was.</summary>
    public const int Failed = 1;

    /// <summary>The input was refused; one line says why and what to change.</summary>
    public const int BadInput = RunFolder.BadInputExitCode;

    /// <summary>Stopped on request with a checkpoint: the same command with <c>--resume</c> goes on.</summary>
    public const int Resumable = RunFolder.ResumableExitCode;
}
