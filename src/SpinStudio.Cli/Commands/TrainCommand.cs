using System.CommandLine;
using SpinStudio.Cli.Output;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;

namespace SpinStudio.Cli.Commands;

/// <summary><c>train</c>: plays a run into a folder, or goes on with one.</summary>
internal static class TrainCommand
{
    /// <summary>Said on the first signal.</summary>
    public const string Stopping = "Stopping: a checkpoint is written first. Ctrl+C again ends at once.";

    public static Command Create()
    {
        var config = new Argument<string>("RUN.json") { Description = "What to train: see docs/cli.md for its keys." };
        var folder = new Option<string>("--out") { Description = "The run folder; made if it is missing.", HelpName = "DIR", Required = true };
        var resume = new Option<bool>("--resume") { Description = "Go on with the run that the folder holds, from its newest checkpoint." };
        var json = new Option<bool>("--json") { Description = "Write every event as a line of JSON, as in the journal." };
        var command = new Command("train", "Train by self-play, or supervised, as a run config says.") { config, folder, resume, json };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(config), new RunFolder(parsed.GetRequiredValue(folder)), parsed.GetValue(resume), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string path, RunFolder folder, bool resume, bool json)
    {
        var config = RunConfigFile.Load(path);
        if (!File.Exists(folder.Provenance))
            CheckInputs(config);

        var display = RunDisplay.For(json);
        using var stop = new StopSignal(() => display.Notice(Stopping));
        FailedEvent? failure = null;
        var outcome = display.Follow(show => EngineRun.Play(
            config,
            folder,
            resume,
            journalEvent =>
            {
                failure = journalEvent as FailedEvent ?? failure;
                show(journalEvent);
            },
            stop.Token));

        if (outcome == RunOutcome.Finished && !json)
            Console.Out.Write("\n" + EvaluationTable.Render(EvaluationTable.Read(folder)));
        if (failure is not null)
            Console.Error.WriteLine(string.Join("\n  try: ", [$"spinstudio: {failure.Message} ({failure.Cause})", .. failure.Fixes]));
        return CodeOf(outcome);
    }

    public static int CodeOf(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Finished => ExitCode.Done,
        RunOutcome.Stopped => ExitCode.Resumable,
        _ => ExitCode.Failed,
    };

    /// <summary>Refuses what cannot be trained on before the folder is touched, so that the corrected config can go to the same place.</summary>
    private static void CheckInputs(RunConfig config)
    {
        RunConfigFile.CheckInputs(config);
        ModelFolder.Open(config.Model);
        foreach (var dataset in new[] { config.Dataset, config.HeldOut }.OfType<string>())
        {
            foreach (var _ in DatasetReader.Read(dataset))
            {
                // Every row is looked at; none is kept.
            }
        }
    }
}
