using SpinStudio.Engine.Runs;
using Spectre.Console;

namespace SpinStudio.Cli.Output;

/// <summary>Shows a run while it goes on. Events may come from any thread, one at a time.</summary>
internal interface IRunDisplay
{
    /// <summary>Calls <paramref name="run"/> with the sink for its events, and returns what it returns.</summary>
    T Follow<T>(Func<Action<JournalEvent>, T> run);

    /// <summary>A line that no event carries.</summary>
    void Notice(string line);
}

internal static class RunDisplay
{
    /// <summary>JSON Lines when asked for, live bars on a terminal, plain lines in a log.</summary>
    public static IRunDisplay For(bool json) =>
        json ? new JsonRunDisplay(Console.Out)
        : Console.IsOutputRedirected || Environment.GetEnvironmentVariable("TERM") is null or "dumb" ? new PlainRunDisplay(Console.Out)
        : new TerminalRunDisplay(AnsiConsole.Console);
}
