using System.CommandLine;
using SpinStudio.Cli.Output;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Samples;
using SpinStudio.Engine.SelfPlay;

namespace SpinStudio.Cli.Commands;

/// <summary><c>sample</c>: remakes the bundled sample, and measures what self-play does to it.</summary>
internal static class SampleCommand
{
    public static Command Create() => new("sample", "Remake the bundled sample, or measure what self-play does to it.") { Make(), Compare() };

    private static Command Make()
    {
        var folder = new Option<string>("--out") { Description = "Where dataset/, model/ and what they were made from go; asked again, it goes on.", HelpName = "DIR", Required = true };
        var json = new Option<bool>("--json") { Description = "Write every event of the training as a line of JSON." };
        var command = new Command("make", "Make the dataset, the tokenizer and the starting model from nothing.") { folder, json };
        command.SetAction(parsed =>
        {
            var display = RunDisplay.For(parsed.GetValue(json));
            using var stop = new StopSignal(() => display.Notice(TrainCommand.Stopping));
            return TrainCommand.CodeOf(display.Follow(show => SampleMaker.Make(parsed.GetRequiredValue(folder), show, stop.Token)));
        });
        return command;
    }

    private static Command Compare()
    {
        var spin = new Option<string>("--spin") { Description = "Config of the self-play run.", HelpName = "RUN.json", DefaultValueFactory = _ => "samples/default.json" };
        var sft = new Option<string>("--sft") { Description = "Config of the supervised run; its epochs are set to match.", HelpName = "RUN.json", DefaultValueFactory = _ => "samples/continued-sft.json" };
        var folder = new Option<string>("--out") { Description = "Where the runs go; asked again, it goes on.", HelpName = "DIR", Required = true };
        var seeds = new Option<int[]>("--seeds") { Description = "One self-play run and two supervised ones for each.", HelpName = "N", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2, 3] };
        var command = new Command("compare", "Play self-play and supervised training continued on the same data, for as many steps and as many tokens, and print the table.") { spin, sft, folder, seeds };
        command.SetAction(parsed => Compare(
            new SampleComparison(RunConfigFile.Load(parsed.GetRequiredValue(spin)), RunConfigFile.Load(parsed.GetRequiredValue(sft))),
            parsed.GetRequiredValue(folder),
            parsed.GetRequiredValue(seeds)));
        return command;
    }

    private static int Compare(SampleComparison comparison, string folder, int[] seeds)
    {
        var display = new PlainRunDisplay(Console.Error);
        using var stop = new StopSignal(() => display.Notice(TrainCommand.Stopping));
        var present = "";
        var rows = display.Follow(show => comparison.Play(
            folder,
            seeds,
            (name, journalEvent) =>
            {
                if (name != present)
                    display.Notice($"── {present = name}");
                show(journalEvent);
            },
            stop.Token));
        if (rows is null)
            return stop.Token.IsCancellationRequested ? ExitCode.Resumable : ExitCode.Failed;
        Console.Out.Write(SampleComparison.Table(rows));
        return ExitCode.Done;
    }
}
