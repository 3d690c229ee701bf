using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Faults;

/// <summary>What a run takes of the machine's memory, measured from outside, and what happens when there is not enough.</summary>
public sealed class MemoryTests(TinyRun tiny) : IClassFixture<TinyRun>
{
    private const long MB = 1_000_000;

    [Fact]
    public void Without_enough_memory_the_run_says_what_it_needs_and_goes_on_when_there_is_more()
    {
        // One layer so wide that a micro-batch makes tensors of hundreds of megabytes.
        tiny.WriteModel("wide", tiny.Shape with { IntermediateSize = 32768, Layers = 1 });
        var config = tiny.Config("starved", c => OneStep(c) with { Model = "wide", Dtype = Precision.Bf16 });
        var folder = Path.Combine(tiny.Root, "runs", "starved");

        var (exit, errors) = EngineProcess.RunWithin(3000 * MB, "train", config, "--out", folder);

        Assert.True(exit == 1, errors);
        var failure = Assert.IsType<FailedEvent>(JournalFile.Events(folder)[^1]);
        Assert.Equal("out_of_memory", failure.Cause);
        Assert.Matches(@"^The machine ran out of memory: it has 3\.0 GB\. [0-9.]+ [MG]B more were asked for\. This run of a model with [0-9,]+ parameters needs up to about [0-9.]+ GB, of which ", failure.Message);
        Assert.Equal(2, failure.Fixes.Count);
        Assert.Matches("^Set micro_batch_size [0-9]+ \\(now 48; the gradients stay the same\\): about ", failure.Fixes[0]);
        Assert.Contains(failure.Message, errors, StringComparison.Ordinal);

        (exit, errors) = EngineProcess.Run("train", config, "--out", folder, "--resume");
        Assert.True(exit == 0, errors);
    }

    [Fact]
    public void Checkpointed_layers_save_the_memory_that_the_estimate_says()
    {
        var shape = tiny.Shape with { IntermediateSize = 1536, Layers = 8 };
        tiny.WriteModel("deep", shape);
        var (kept, tokens) = Peak("kept", checkpointing: false);
        var (forgotten, _) = Peak("forgotten", checkpointing: true);

        var estimated = Estimate(checkpointing: false) - Estimate(checkpointing: true);
        Assert.InRange((kept - forgotten) / (double)estimated, 0.6, 1.4);

        long Estimate(bool checkpointing) => MemoryEstimate.OfMicroBatch(shape, new RunConfig { Model = "", Dataset = "", Dtype = Precision.Bf16, GradientCheckpointing = checkpointing }, tokens, tokens);

        (long Bytes, long Tokens) Peak(string name, bool checkpointing)
        {
            var config = tiny.Config(name, c => OneStep(c) with { Model = "deep", Dtype = Precision.Bf16, GradientCheckpointing = checkpointing, Epochs = 100, ScheduleEpochs = 100 });
            var folder = Path.Combine(tiny.Root, "runs", name);
            using var process = EngineProcess.Start("train", config, "--out", folder);
            JournalFile.WaitFor(() => JournalFile.Events(folder).OfType<MetricsEvent>().Any(), process);
            var bytes = EngineProcess.PeakMemory(process);
            EngineProcess.Signal(process, EngineProcess.Kill);
            process.WaitForExit();
            return (bytes, JournalFile.Events(folder).OfType<MetricsEvent>().First().Tokens);
        }
    }

    /// <summary>All examples in one micro-batch.</summary>
    private static RunConfig OneStep(RunConfig config) => config with
    {
        Kind = RunKind.Sft, BatchSize = 48, MicroBatchSize = 48, Epochs = 1, ScheduleEpochs = 1, Evaluation = new EvaluationConfig { Examples = 0 },
    };
}
