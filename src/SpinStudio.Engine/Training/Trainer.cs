using SpinStudio.Engine.DataParallel;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Training;

/// <summary>Trains one iteration: epochs over the objective's micro-batches, gradients accumulated to a step, one update a step.</summary>
/// <param name="ranks">Who share the micro-batches of a step; all make the same update.</param>
public sealed class Trainer(LlamaModel model, Objective objective, FlatOptimizer optimizer, RunConfig config, int iteration, Ranks ranks)
{
    private readonly int _accumulation = Math.Max(1, config.BatchSize / config.MicroBatchSize);

    /// <summary>Optimizer steps in an epoch.</summary>
    public int StepsPerEpoch => StepsFor(objective.Count, config);

    /// <summary>Steps to take.</summary>
    public int Steps => TotalSteps(objective.Count, config);

    /// <summary>Optimizer steps of an iteration with so many micro-batches.</summary>
    public static int TotalSteps(int microBatches, RunConfig config) => (int)Math.Ceiling(config.Epochs * StepsFor(microBatches, config));

    /// <summary>Trains from <paramref name="position"/> to the end.</summary>
    /// <param name="stepped">After each step: its metrics, and the position after it. Returns false to stop there.</param>
    /// <returns>Where training stands; <see cref="TrainingPosition.Step"/> is <see cref="Steps"/> when it is finished.</returns>
    /// <exception cref="NotFiniteException">A loss or gradient is NaN or infinite.</exception>
    public TrainingPosition Train(TrainingPosition position, Func<MetricsEvent, TrainingPosition, bool> stepped)
    {
        var schedule = new LearningRateSchedule(RunConfig.At(config.LearningRate, iteration), (int)Math.Ceiling(config.ScheduleEpochs * StepsPerEpoch), config.WarmupRatio);
        var (orderedEpoch, order) = (-1, Array.Empty<int>());
        while (position.Step < Steps)
        {
            var (epoch, stepOfEpoch) = Math.DivRem(position.Step, StepsPerEpoch);
            if (epoch != orderedEpoch)
                (orderedEpoch, order) = (epoch, MicroBatches.Order(objective.Count, RandomStream.From(config.Seed, iteration, (int)RunPhase.Train, epoch)));

            var members = order.AsSpan(stepOfEpoch * _accumulation, Math.Min(_accumulation, order.Length - stepOfEpoch * _accumulation)).ToArray();
            var values = Step(members, position.Step, schedule.At(position.Step));
            position = new TrainingPosition(position.Step + 1, position.GlobalStep + 1, position.Tokens + members.Sum(objective.Tokens));

            var told = values.ToDictionary(v => v.Key, v => double.IsFinite(v.Value) ? v.Value : (double?)null);
            var entry = new MetricsEvent(iteration, position.Step - 1, position.GlobalStep - 1, (double)position.Step / StepsPerEpoch, position.Tokens, told);
            if (!stepped(entry, position)) break;
        }
        return position;
    }

    private static int StepsFor(int microBatches, RunConfig config)
    {
        var accumulation = Math.Max(1, config.BatchSize / config.MicroBatchSize);
        return (microBatches + accumulation - 1) / accumulation;
    }

    /// <summary>Forward and backward over the micro-batches, then one update.</summary>
    private Dictionary<string, double> Step(int[] members, int step, double learningRate)
    {
        var metrics = new Metrics();
        double weight = members.Sum(objective.Weight);
        foreach (var microBatch in ranks.Mine(members))
        {
            using var scope = torch.NewDisposeScope();
            using var dropping = model.Adapters?.Dropping(RandomStream.From(config.Seed, iteration, (int)RunPhase.Train, step, microBatch));
            var loss = objective.Loss(model, microBatch, metrics);
            var value = loss.item<float>();
            if (!float.IsFinite(value))
                throw new NotFiniteException($"The loss became {value} at step {step} of iteration {iteration}.", objective.PromptIds(microBatch));
            metrics.Add("loss", value);
            model.Backward(loss / weight);
            optimizer.Accumulate();
        }

        ranks.Sum(optimizer.Gradients);
        var means = ranks.Sum(metrics.Over(weight));
        if (step == 0)
        {
            if (config.Lora is { Rank: > 0, Dropout: > 0 }) means = ranks.Sum(WithoutDropout(members, weight));
            objective.CheckFirstStep(means);
        }
        if (step % config.CheckpointEvery == 0) ranks.RequireSame(optimizer.Masters, $"The weights before step {step} of iteration {iteration}");
        means["learning_rate"] = learningRate;
        means["grad_norm"] = optimizer.Clip(config.MaxGradNorm);
        if (!double.IsFinite(means["grad_norm"]))
            throw new NotFiniteException($"The gradient became {means["grad_norm"]} at step {step} of iteration {iteration}.", members.SelectMany(objective.PromptIds));
        optimizer.Step(learningRate, step + 1);
        return means;
    }

    /// <summary>What the first step measures with nothing dropped: only then are main player and opponent the same.</summary>
    private Dictionary<string, double> WithoutDropout(int[] members, double weight)
    {
        var metrics = new Metrics();
        using var noGrad = torch.no_grad();
        foreach (var microBatch in ranks.Mine(members))
        {
            using var scope = torch.NewDisposeScope();
            metrics.Add("loss", objective.Loss(model, microBatch, metrics));
        }
        return metrics.Over(weight);
    }
}

/// <summary>Training left the finite numbers.</summary>
public sealed class NotFiniteException(string message, IEnumerable<string> promptIds)
    : Exception($"{message} Prompts of the batch: {string.Join(", ", promptIds.Take(8))}");
