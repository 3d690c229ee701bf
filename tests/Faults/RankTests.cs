using System.Diagnostics;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Faults;

/// <summary>Several processes play one run: they learn what one would, and none outlives the others.</summary>
public sealed class RankTests(TinyRun tiny) : IClassFixture<TinyRun>
{
    /// <summary>Sums of fp32 gradients in another order, over two dozen updates.</summary>
    private const double Tolerance = 2e-5;

    [Theory]
    [InlineData(RunKind.Spin, 2, 0)]
    [InlineData(RunKind.Sft, 3, 0)]
    [InlineData(RunKind.Sft, 2, 4)]
    [InlineData(RunKind.Dpo, 2, 0)]
    public void Several_ranks_give_the_weights_of_one(RunKind kind, int ranks, int adapterRank)
    {
        var name = $"{kind}-{ranks}-{adapterRank}";
        var config = tiny.Config($"ranks-{name}", c => Small(c) with { Kind = kind, Lora = new LoraConfig { Rank = adapterRank } });
        var (one, several) = (Out($"one-{name}"), Out($"several-{name}"));
        Succeed("train", config, "--out", one);
        Succeed("train", config, "--out", several, "--ranks", $"{ranks}");

        Assert.Equal(ranks, JournalFile.Events(several).OfType<StartedEvent>().Single().Ranks);
        Assert.Equal(JournalFile.Events(one).OfType<MetricsEvent>().Select(m => (m.Iteration, m.Step, m.Tokens)), JournalFile.Events(several).OfType<MetricsEvent>().Select(m => (m.Iteration, m.Step, m.Tokens)));
        foreach (var (left, right) in JournalFile.Events(one).OfType<MetricsEvent>().Zip(JournalFile.Events(several).OfType<MetricsEvent>()))
            Assert.Equal(left.Values["loss"]!.Value, right.Values["loss"]!.Value, 1e-4);
        var last = kind == RunKind.Spin ? 1 : 0;
        var largest = LargestDifference(new RunFolder(one).Model(last), new RunFolder(several).Model(last));
        Assert.InRange(largest, double.Epsilon, Tolerance);
        if (kind == RunKind.Spin)
            Assert.Equal(File.ReadAllText(new RunFolder(one).Pairs(0)), File.ReadAllText(new RunFolder(several).Pairs(0)));
    }

    [Fact]
    public void A_gate_ends_the_run_of_all_ranks()
    {
        var config = tiny.Config("gate-ranks", c => Small(c) with { Iterations = 3, EarlyStop = EarlyStopMode.Gate, Evaluation = new EvaluationConfig { Examples = 32 } });
        var (one, two) = (Out("gate-one"), Out("gate-two"));
        Succeed("train", config, "--out", one);
        Succeed("train", config, "--out", two, "--ranks", "2");

        var advice = Assert.Single(JournalFile.Events(two).OfType<AdviceEvent>());
        Assert.Equal((0, AdviceKind.Stop, -1, true), (advice.Iteration, advice.Advice, advice.Keep, advice.Ends));
        Assert.Equal(JournalFile.Events(one).OfType<AdviceEvent>().Single().Sentence, advice.Sentence);
        Assert.Equal("start/model", Assert.IsType<FinishedEvent>(JournalFile.Events(two)[^1]).Model);
        Assert.InRange(LargestDifference(new RunFolder(one).Model(0), new RunFolder(two).Model(0)), double.Epsilon, Tolerance);
    }

    [Fact]
    public void A_lost_rank_ends_the_run_which_another_number_of_ranks_takes_up()
    {
        var config = tiny.Config("lost", c => Small(c) with { CheckpointEvery = 1000, Iterations = 1, Epochs = 5, ScheduleEpochs = 5 });
        var folder = Out("lost");
        using (var process = EngineProcess.Start("train", config, "--out", folder, "--ranks", "2"))
        {
            JournalFile.WaitFor(() => JournalFile.Events(folder).OfType<MetricsEvent>().Any(m => m.Step >= 1), process);
            EngineProcess.Signal(Assert.Single(ChildrenOf(process)), EngineProcess.Kill);
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "rank 0 waits for a rank that is gone");
            Assert.Equal(RunFolder.ResumableExitCode, process.ExitCode);
        }
        var said = Assert.IsType<StoppedEvent>(JournalFile.Events(folder)[^1]).Reason;
        Assert.Matches("^rank 1 was lost during step [0-9]+ of iteration 0; resume with --resume", said);
        // What was learnt until then is kept, though no checkpoint was due.
        Assert.Equal(JournalFile.Events(folder).OfType<MetricsEvent>().Last().Step + 1, JournalFile.Events(folder).OfType<CheckpointEvent>().Last().Step);

        Succeed("train", config, "--out", folder, "--ranks", "3", "--resume");
        Assert.IsType<FinishedEvent>(JournalFile.Events(folder)[^1]);
        Assert.Equal(Enumerable.Range(0, 20), JournalFile.Events(folder).OfType<MetricsEvent>().Select(m => m.Step));
    }

    [Fact]
    public void No_rank_outlives_the_first_one()
    {
        var config = tiny.Config("orphans", c => Small(c) with { Iterations = 1, Epochs = 200, ScheduleEpochs = 200 });
        using var process = EngineProcess.Start("train", config, "--out", Out("orphans"), "--ranks", "3");
        JournalFile.WaitFor(() => JournalFile.Events(Out("orphans")).OfType<MetricsEvent>().Any(), process);
        var children = ChildrenOf(process);
        Assert.Equal(2, children.Count);
        EngineProcess.Signal(process, EngineProcess.Kill);
        process.WaitForExit();
        foreach (var child in children)
            Assert.True(child.WaitForExit(TimeSpan.FromMinutes(1)), $"process {child.Id} works on without rank 0");
    }

    [Fact]
    public void Asked_to_stop_all_ranks_stop_with_a_checkpoint_and_go_on_to_the_same_bytes()
    {
        var config = tiny.Config("stop-ranks", c => Small(c) with { Iterations = 1, Epochs = 5, ScheduleEpochs = 5 });
        var (whole, pieces) = (Out("stop-ranks-whole"), Out("stop-ranks-pieces"));
        Succeed("train", config, "--out", whole, "--ranks", "2");
        foreach (var moment in (Func<bool>[])[() => File.Exists(new RunFolder(pieces).Pairs(0) + ".partial"), () => JournalFile.Events(pieces).OfType<MetricsEvent>().Any(m => m.Step >= 1)])
        {
            using var process = EngineProcess.Start("train", config, "--out", pieces, "--ranks", "2", "--resume");
            JournalFile.WaitFor(moment, process);
            EngineProcess.Signal(process, EngineProcess.Terminate);
            process.WaitForExit();
            Assert.Equal(RunFolder.ResumableExitCode, process.ExitCode);
            Assert.Equal("asked to stop", Assert.IsType<StoppedEvent>(JournalFile.Events(pieces)[^1]).Reason);
        }
        Succeed("train", config, "--out", pieces, "--ranks", "2", "--resume");
        Assert.Equal(FileHash.Of(Path.Combine(new RunFolder(whole).Model(0), "model.safetensors")), FileHash.Of(Path.Combine(new RunFolder(pieces).Model(0), "model.safetensors")));
        Assert.Equal(Points(whole), Points(pieces));
    }

    [Fact]
    public void More_ranks_than_a_step_has_micro_batches_are_refused()
    {
        var (exit, errors) = EngineProcess.Run("train", tiny.Config("many", Small), "--out", Out("many"), "--ranks", "4");
        Assert.Equal(RunFolder.BadInputExitCode, exit);
        Assert.Contains("batch_size / micro_batch_size = 3", errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out("many")));
    }

    private static RunConfig Small(RunConfig config) => config with { Dtype = Precision.Fp32, BatchSize = 12, LearningRate = [1e-4], MaxGradNorm = 0 };

    private static double LargestDifference(string left, string right)
    {
        using var scope = torch.NewDisposeScope();
        using LlamaModel one = LlamaModelFiles.Load(left, ScalarType.Float32), other = LlamaModelFiles.Load(right, ScalarType.Float32);
        return (one.Parameters.Weights - other.Parameters.Weights).abs().max().item<float>();
    }

    private static void Succeed(params string[] arguments)
    {
        var (exit, errors) = EngineProcess.Run(arguments);
        Assert.True(exit == 0, errors);
    }

    private static List<Process> ChildrenOf(Process parent) =>
        [.. Directory.EnumerateDirectories($"/proc/{parent.Id}/task")
            .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(id => Process.GetProcessById(int.Parse(id, System.Globalization.CultureInfo.InvariantCulture)))];

    private string Out(string name) => Path.Combine(tiny.Root, "runs", name);

    private static List<(int, int, long)> Points(string folder) => [.. JournalFile.Events(folder).OfType<MetricsEvent>().Select(m => (m.Iteration, m.Step, m.Tokens))];
}
