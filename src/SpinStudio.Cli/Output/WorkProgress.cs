using System.Diagnostics;
using Spectre.Console;

namespace SpinStudio.Cli.Output;

/// <summary>Shows on standard error how far a piece of work is: a bar with rate and time left on a terminal, a line every ten seconds otherwise.</summary>
internal static class WorkProgress
{
    /// <summary>The unit of downloads, written as MB and so on.</summary>
    public const string Bytes = "bytes";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <param name="work">Gets what it calls with units done, and tokens handled if it counts them.</param>
    public static T Follow<T>(string what, string unit, long total, Func<Action<long, long>, T> work)
    {
        var watch = Stopwatch.StartNew();
        if (Console.IsErrorRedirected)
        {
            var told = TimeSpan.Zero;
            return work((done, tokens) =>
            {
                if (watch.Elapsed - told < Interval)
                    return;
                told = watch.Elapsed;
                Console.Error.WriteLine($"{what}: {Text(done, tokens)}");
            });
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn()).Start(context =>
        {
            var bar = context.AddTask(what, maxValue: total);
            return work((done, tokens) =>
            {
                bar.Value = done;
                bar.Description = Markup.Escape($"{what} {Text(done, tokens)}");
            });
        });

        string Text(long done, long tokens)
        {
            var seconds = watch.Elapsed.TotalSeconds;
            var rate = tokens > 0 ? $", {Figures.Count(tokens / seconds)} tokens/s" : "";
            var share = unit == Bytes ? $"{Figures.Bytes(done)} of {Figures.Bytes(total)}, {Figures.Bytes(done / seconds)}/s" : $"{Figures.Count(done)}/{Figures.Count(total)} {unit}{rate}";
            return $"{share}, {Figures.Duration(seconds / Math.Max(1, done) * (total - done))} left";
        }
    }
}
