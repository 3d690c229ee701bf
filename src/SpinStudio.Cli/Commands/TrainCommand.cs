using System.CommandLine;
using SpinStudio.Cli.Output;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;

namespace SpinStudio.Cli.Commands;

/// <summary><c>train</c>: plays a run to its end, or to a checkpoint when it is asked to stop.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var config = new Argument<string>("RUN.json") { Description = "What to train: see docs/cli.md and samples/quick.json." };
        var output = new Option<string>("--out") { Description = "The run folder: journal, pairs, checkpoints, models.", Required = true };
        var resume = new Option<bool>("--resume") { Description = "Go on with the run that the folder holds." };
        var json = new Option<bool>("--json") { Description = "Write the journal's events to the standard output, one JSON object a line." };
        var command = new Command("train", "Train a model by self-play (SPIN) or supervised fine-tuning (SFT).") { config, output, resume, json };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(config), parsed.GetRequiredValue(output), parsed.GetValue(resume), RunDisplay.For(parsed.GetValue(json))));
        return command;
    }

    private static int Run(string config, string output, bool resume, IRunDisplay display)
    {
        var run = RunConfigFile.Load(config);
        using var signal = new StopSignal(() => display.Notice("Stopping: a checkpoint is being saved. A second signal ends the process at once."));
        var outcome = display.Follow(told => EngineRun.Play(run, new RunFolder(output), resume, told, signal.Token));
        return outcome switch
        {
            RunOutcome.Finished => ExitCode.Done,
            RunOutcome.Stopped => ExitCode.Resumable,
            _ => ExitCode.Failed,
        };
    }
}
