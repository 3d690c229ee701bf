using System.CommandLine;
using SpinStudio.Cli.Output;
using SpinStudio.Engine;
using SpinStudio.Engine.DataParallel;
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
        var ranks = new Option<int?>("--ranks") { Description = "Processes on this machine that train together; the config's ranks otherwise. See docs/parallel.md for several machines.", HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "Write every event as a line of JSON, as in the journal." };
        var command = new Command("train", "Train by self-play, or supervised, as a run config says.") { config, folder, resume, ranks, json };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(config), new RunFolder(parsed.GetRequiredValue(folder)), parsed.GetValue(resume), parsed.GetValue(ranks), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string path, RunFolder folder, bool resume, int? ranksAsked, bool json)
    {
        var config = RunConfigFile.Load(path);
        var place = RankPlace.FromEnvironment(Environment.GetEnvironmentVariable);
        if (place is not null && ranksAsked is { } asked && asked != place.Count)
            throw new BadInputException($"--ranks {asked} contradicts the launcher's WORLD_SIZE {place.Count}; leave --ranks out");
        var count = place?.Count ?? ranksAsked ?? config.Ranks;
        RunConfigFile.CheckRanks(config, count);
        if (place is { Rank: > 0 })
            return Assist(config, folder, place);
        if (!File.Exists(folder.Provenance))
            CheckInputs(config);

        var display = RunDisplay.For(json);
        using var stop = new StopSignal(() => display.Notice(Stopping));
        using var local = place is null && count > 1 ? LocalRanks.Start([.. Program, "train", path, "--out", folder.Root, .. resume ? (string[])["--resume"] : []], count) : null;
        using var stopping = stop.Token.Register(() => local?.Stop());
        using var ranks = Join(local, place, stop.Token);
        if (ranks is null) return ExitCode.Resumable;
        FailedEvent? failure = null;
        StoppedEvent? stopped = null;
        var outcome = display.Follow(show => EngineRun.Play(
            config,
            folder,
            resume,
            ranks,
            journalEvent =>
            {
                failure = journalEvent as FailedEvent ?? failure;
                stopped = journalEvent as StoppedEvent ?? stopped;
                show(journalEvent);
            },
            stop.Token));

        if (stopped is not null && !stop.Token.IsCancellationRequested)
            Console.Error.WriteLine($"spinstudio: {stopped.Reason}");
        if (outcome == RunOutcome.Finished && !json)
            Console.Out.Write("\n" + EvaluationTable.Render(EvaluationTable.Read(folder)));
        if (failure is not null)
            Console.Error.WriteLine(string.Join("\n  try: ", [$"spinstudio: {failure.Message} ({failure.Cause})", .. failure.Fixes]));
        return CodeOf(outcome);
    }

    /// <summary>The program as it was started: what starts another rank.</summary>
    private static IReadOnlyList<string> Program => Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet"
        ? [Environment.ProcessPath!, typeof(TrainCommand).Assembly.Location]
        : [Environment.ProcessPath!];

    /// <summary>A rank that is not the first: silent, for rank 0 tells what happens.</summary>
    private static int Assist(RunConfig config, RunFolder folder, RankPlace place)
    {
        using var stop = new StopSignal(() => { });
        LocalRanks.Obey(place, stop.Ask);
        using var ranks = Join(null, place, stop.Token);
        return ranks is null ? ExitCode.Resumable : CodeOf(EngineRun.Assist(config, folder, ranks, stop.Token));
    }

    /// <summary>The ranks, met; null when the start was broken off.</summary>
    private static Ranks? Join(LocalRanks? local, RankPlace? place, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, local?.Ended ?? default);
        try
        {
            return (place ?? local?.Place) is { } here ? Ranks.Join(here, either.Token) : Ranks.Alone;
        }
        catch (OperationCanceledException)
        {
            return stop.IsCancellationRequested ? null : throw new BadInputException("a rank ended before the run began; what it said stands above");
        }
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
            foreach (var _ in RunPreparation.Rows(dataset, config.Kind))
            {
                // Every row is looked at; none is kept.
            }
        }
    }
}
