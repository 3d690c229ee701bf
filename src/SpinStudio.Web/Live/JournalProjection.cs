using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Models;
using SpinStudio.Web.Features.Runs;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Live;

/// <summary>What each journal event means for the database. Applied inside the transaction that also moves the run's last sequence number.</summary>
internal sealed class JournalProjection(StudioDb db, Run run, RunFolder folder, StudioPaths paths)
{
    private readonly RunConfig config = RunView.Config(run);
    private readonly Dictionary<(int Size, string Name, long First), MetricBlock> blocks = [];

    public async Task ApplyAsync(JournalEvent journalEvent, CancellationToken cancellation)
    {
        RunDigest.Take(run, journalEvent);
        switch (journalEvent)
        {
            case StartedEvent started:
                run.Device = $"{started.Device}, {started.Dtype}, {started.Threads} {(started.Threads == 1 ? "thread" : "threads")}";
                run.StartedAt ??= started.At;
                await new PhaseClock(db, run).BreakAsync(cancellation);
                break;
            case PhaseEvent phase:
                await PhaseAsync(phase, cancellation);
                break;
            case ProgressEvent progress:
                (run.CurrentIteration, run.Phase) = (progress.Iteration, RunView.Name(progress.Phase));
                (run.PhaseDone, run.PhaseTotal, run.PhaseUnit) = (progress.Done, progress.Total, progress.Unit);
                (run.TokensPerSecond, run.Overall, run.EtaSeconds) = (progress.TokensPerSecond, progress.Overall, progress.EtaSeconds);
                break;
            case MetricsEvent metrics:
                await MetricsAsync(metrics, cancellation);
                break;
            case SampleEvent sample:
                await SampleAsync(sample, cancellation);
                break;
            case EvaluationEvent evaluation:
                await EvaluationAsync(evaluation, cancellation);
                break;
            case CheckpointEvent:
                run.ResumesWithoutProgress = 0;
                break;
            case IterationEvent iteration:
                await IterationAsync(iteration, cancellation);
                break;
            case AdviceEvent { Ends: true } advice:
                run.Iterations = advice.Iteration + 1;
                break;
            case StoppedEvent when run.DiscardAskedAt is null:
                // Without being asked it was interrupted, say by a shutdown of the machine: the studio will resume it.
                var asked = run.Status is RunStatus.Stopping or RunStatus.Stopped or RunStatus.Paused;
                run.Status = !asked ? RunStatus.Interrupted : run.PausedAt is null ? RunStatus.Stopped : RunStatus.Paused;
                run.EndedAt = asked ? journalEvent.At : null;
                break;
            case FailedEvent failed:
                (run.Status, run.EndedAt, run.EtaSeconds) = (RunStatus.Failed, failed.At, null);
                (run.FailureCause, run.FailureMessage, run.FailureFixes) = (failed.Cause, failed.Message, string.Join('\n', failed.Fixes));
                break;
            case FinishedEvent finished:
                (run.Status, run.EndedAt, run.Overall, run.EtaSeconds) = (RunStatus.Completed, finished.At, 1, null);
                break;
        }
    }

    private async Task PhaseAsync(PhaseEvent phase, CancellationToken cancellation)
    {
        await new PhaseClock(db, run).TakeAsync(phase, cancellation);
        if (phase.State == PhaseState.Finished)
        {
            run.ResumesWithoutProgress = 0;
            if (phase.Phase == (config.Kind == RunKind.Dpo ? RunPhase.Score : RunPhase.Generate))
            {
                await ReplaceSamplesAsync(phase.Iteration, SampleSplit.Train, folder.Pairs(phase.Iteration), cancellation);
            }

            return;
        }

        (run.CurrentIteration, run.Phase, run.PhaseDone, run.PhaseTotal, run.PhaseUnit) = (phase.Iteration, RunView.Name(phase.Phase), 0, 0, null);
        if (phase.Iteration >= 0)
        {
            await OpenIterationAsync(phase.Iteration, phase.At, cancellation);
        }
    }

    private async Task<Iteration> OpenIterationAsync(int number, DateTimeOffset at, CancellationToken cancellation)
    {
        if (await db.Iterations.FindAsync([run.Id, number], cancellation) is { } existing)
        {
            return existing;
        }

        var iteration = new Iteration
        {
            RunId = run.Id,
            Number = number,
            Opponent = number - 1,
            Beta = RunConfig.At(config.Beta, number),
            LearningRate = RunConfig.At(config.LearningRate, number),
            StartedAt = at,
        };
        db.Iterations.Add(iteration);
        return iteration;
    }

    private async Task MetricsAsync(MetricsEvent metrics, CancellationToken cancellation)
    {
        foreach (var (name, value) in metrics.Values)
        {
            var point = new MetricPoint
            {
                RunId = run.Id,
                Iteration = metrics.Iteration,
                Name = name,
                Step = metrics.Step,
                GlobalStep = metrics.GlobalStep,
                Value = value is { } number && double.IsFinite(number) ? number : null,
                Tokens = metrics.Tokens,
                Seq = metrics.Seq,
                At = metrics.At,
            };
            db.MetricPoints.Add(point);
            foreach (var size in MetricBlock.Sizes)
            {
                (await BlockAsync(size, point, cancellation)).Add(point);
            }
        }
    }

    private async Task<MetricBlock> BlockAsync(int size, MetricPoint point, CancellationToken cancellation)
    {
        var key = (size, point.Name, point.GlobalStep - (point.Step % size));
        if (blocks.TryGetValue(key, out var known))
        {
            return known;
        }

        var block = await db.MetricBlocks.FindAsync([run.Id, key.size, key.Name, key.Item3], cancellation);
        if (block is null)
        {
            block = new MetricBlock
            {
                RunId = run.Id, Size = size, Name = point.Name, First = key.Item3, Iteration = point.Iteration,
                LowStep = point.GlobalStep, LowTokens = point.Tokens, LowAt = point.At, HighStep = point.GlobalStep, HighTokens = point.Tokens, HighAt = point.At,
            };
            db.MetricBlocks.Add(block);
        }

        return blocks[key] = block;
    }

    /// <summary>Live answers show until the phase's file is complete and replaces them.</summary>
    private async Task SampleAsync(SampleEvent sample, CancellationToken cancellation)
    {
        var complete = await db.Samples.AnyAsync(
            row => row.RunId == run.Id && row.Split == sample.Split && row.Iteration == sample.Iteration && row.PromptId == sample.PromptId && row.Tokens != null, cancellation);
        if (!complete)
        {
            db.Samples.Add(new Sample
            {
                RunId = run.Id,
                Iteration = sample.Iteration,
                Split = sample.Split,
                PromptId = sample.PromptId,
                Prompt = sample.Prompt,
                Real = sample.Real,
                Generated = sample.Generated,
                FinishReason = sample.FinishReason,
            });
        }
    }

    private async Task ReplaceSamplesAsync(int iteration, string split, string file, CancellationToken cancellation)
    {
        if (!File.Exists(file))
        {
            return;
        }

        await db.SaveChangesAsync(cancellation);
        await db.Samples.Where(row => row.RunId == run.Id && row.Split == split && row.Iteration == iteration).ExecuteDeleteAsync(cancellation);
        var before = await db.Samples.Where(row => row.RunId == run.Id && row.Split == split && row.Iteration == iteration - 1)
            .Select(row => new { row.PromptId, row.Number, row.Generated }).ToListAsync(cancellation);
        var scores = ScoresOf(iteration, split);
        var previous = before.GroupBy(row => (row.PromptId, row.Number)).ToDictionary(group => group.Key, group => group.First().Generated);
        await foreach (var line in File.ReadLinesAsync(file, cancellation))
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            var pair = JsonSerializer.Deserialize<Pair>(line, RunJson.Line)!;
            var score = pair.Sample == 0 ? scores.GetValueOrDefault(pair.Index) : null;
            db.Samples.Add(new Sample
            {
                RunId = run.Id,
                Iteration = iteration,
                Split = split,
                PromptId = pair.PromptId,
                System = pair.System,
                Prompt = pair.Prompt,
                Real = pair.Real,
                Generated = pair.Generated,
                FinishReason = pair.FinishReason,
                Number = pair.Sample,
                Tokens = pair.GeneratedIds.Count,
                Exact = pair.Exact,
                ToHuman = Likeness.Between(pair.Real, pair.Generated),
                ToPrevious = previous.TryGetValue((pair.PromptId, pair.Sample), out var earlier) ? Likeness.Between(earlier, pair.Generated) : null,
                LogProb = score?.LogProb,
                HumanLogProb = score?.HumanLogProb,
                RewardHuman = score?.RewardHuman,
                RewardOpponent = score?.RewardOpponent,
            });
        }
    }

    /// <summary>By position of the prompt; none for training prompts, and of engines that did not write them.</summary>
    private Dictionary<int, HeldOutScore> ScoresOf(int iteration, string split) =>
        split == SampleSplit.HeldOut && File.Exists(folder.HeldOutScores(iteration)) ? HeldOutScore.Read(folder.HeldOutScores(iteration)).ToDictionary(score => score.Index) : [];

    private async Task EvaluationAsync(EvaluationEvent evaluation, CancellationToken cancellation)
    {
        var report = JsonSerializer.Serialize(evaluation.Report, RunJson.Line);
        if (await db.Evaluations.FindAsync([run.Id, evaluation.Report.Iteration], cancellation) is { } existing)
        {
            existing.Report = report;
        }
        else
        {
            db.Evaluations.Add(new Evaluation { RunId = run.Id, Iteration = evaluation.Report.Iteration, Report = report, At = evaluation.At });
        }

        await ReplaceSamplesAsync(evaluation.Report.Iteration, SampleSplit.HeldOut, folder.HeldOutSamples(evaluation.Report.Iteration), cancellation);
        await db.SaveChangesAsync(cancellation);
        await RunDigest.TakeAsync(db, run, evaluation.Report, cancellation);
    }

    private async Task IterationAsync(IterationEvent finished, CancellationToken cancellation)
    {
        run.ResumesWithoutProgress = 0;
        var iteration = await OpenIterationAsync(finished.Iteration, finished.At.AddSeconds(-finished.Seconds), cancellation);
        (iteration.FinishedAt, iteration.Seconds, iteration.Pairs) = (finished.At, finished.Seconds, finished.Pairs);
        (iteration.Dropped, iteration.ModelSha256) = (JsonSerializer.Serialize(finished.Dropped, RunJson.Line), finished.Sha256);

        if (await db.Models.AnyAsync(model => model.RunId == run.Id && model.Iteration == finished.Iteration, cancellation))
        {
            return;
        }

        var path = StudioPaths.Within(folder.Root, finished.Model);
        var (architecture, parameters, bytes) = ModelFacts.Read(path);
        db.Models.Add(new Model
        {
            TeamId = run.TeamId,
            Name = config.Kind != RunKind.Spin ? run.Name : $"{run.Name} · iteration {finished.Iteration}",
            Folder = Path.GetRelativePath(paths.Data, path),
            Sha256 = finished.Sha256,
            Architecture = architecture,
            Parameters = parameters,
            Bytes = bytes,
            ParentId = run.ModelId,
            RunId = run.Id,
            Iteration = finished.Iteration,
            CreatedAt = finished.At,
        });
    }
}
