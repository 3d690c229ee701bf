using System.Diagnostics;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Faults;

/// <summary>Whatever ends an engine process, the run goes on to the same bytes.</summary>
public sealed class ResumeTests(TinyRun tiny) : IClassFixture<TinyRun>
{
    private const int Kills = 8;
    private const double LastKill = 0.85; // of the journal

    private static readonly Dictionary<string, Func<RunConfig, RunConfig>> Kinds = new()
    {
        ["spin-bf16"] = c => c with { Optimizer = OptimizerKind.AdamW },
        ["spin-fp32"] = c => c with { Dtype = Precision.Fp32, Optimizer = OptimizerKind.RmsProp, Loss = SpinLossType.Exponential, LengthNormalised = true, SftWeight = 0.5 },
        ["spin-adapters-bf16"] = c => c with { Optimizer = OptimizerKind.AdamW, Lora = new LoraConfig { Rank = 4, Dropout = 0.1 }, GradientCheckpointing = true },
        ["spin-gate-bf16"] = c => c with { Iterations = 3, EarlyStop = EarlyStopMode.Gate, Evaluation = new EvaluationConfig { Examples = 32 } },
        ["sft-bf16"] = c => c with { Kind = RunKind.Sft, Optimizer = OptimizerKind.RmsProp },
        ["dpo-bf16"] = c => c with { Kind = RunKind.Dpo, LabelSmoothing = 0.1, Epochs = 4, ScheduleEpochs = 4 },
    };

    public static TheoryData<string> Runs => [.. Kinds.Keys];

    [Theory, MemberData(nameof(Runs))]
    public void Killed_at_random_moments_and_resumed_it_ends_with_the_same_bytes(string name)
    {
        var config = tiny.Config(name, Kinds[name]);
        var (whole, pieces) = (Out(name + "-whole"), Out(name + "-pieces"));
        var (exit, errors) = EngineProcess.Run("train", config, "--out", whole);
        Assert.True(exit == 0, errors);
        var journalLength = new FileInfo(new RunFolder(whole).Journal).Length;

        var random = new Random(name.Length);
        var kills = 0;
        for (var attempt = 0; ; attempt++)
        {
            // Spread over the run; where one came late, the next comes as soon as anything more is written.
            var killAt = Math.Max(JournalLength(pieces), (long)(LastKill * journalLength * (kills + random.NextDouble()) / Kills));
            using var process = EngineProcess.Start(["train", config, "--out", pieces, .. attempt == 0 ? Array.Empty<string>() : ["--resume"]]);
            while (!process.WaitForExit(random.Next(1, 30)))
                if (kills < Kills && JournalLength(pieces) > killAt)
                {
                    EngineProcess.Signal(process, EngineProcess.Kill);
                    kills++;
                    process.WaitForExit();
                }
            if (process.ExitCode == 0) break;
            Assert.Equal(128 + EngineProcess.Kill, process.ExitCode);
        }
        Assert.True(kills >= 5, $"only {kills} kills fell into the run");
        AssertSameArtifacts(whole, pieces);
        AssertCurvesAreWhole(whole, pieces);
    }

    [Fact]
    public void Asked_to_stop_it_saves_says_so_and_goes_on_later()
    {
        var config = tiny.Config("stop", c => c with { CheckpointEvery = 1000 });
        var (whole, pieces) = (Out("stop-whole"), Out("stop-pieces"));
        Assert.Equal(0, EngineProcess.Run("train", config, "--out", whole).Exit);

        using (var process = EngineProcess.Start("train", config, "--out", pieces))
        {
            JournalFile.WaitFor(() => JournalFile.Events(pieces).OfType<MetricsEvent>().Any(m => m is { Iteration: 0, Step: >= 3 }), process);
            EngineProcess.Signal(process, EngineProcess.Terminate);
            process.WaitForExit();
            Assert.Equal(RunFolder.ResumableExitCode, process.ExitCode);
        }
        Assert.IsType<StoppedEvent>(JournalFile.Events(pieces)[^1]);
        var saved = JournalFile.Events(pieces).OfType<CheckpointEvent>().Last();
        Assert.Equal(JournalFile.Events(pieces).OfType<MetricsEvent>().Last().Step + 1, saved.Step);

        Assert.Equal(0, EngineProcess.Run("train", config, "--out", pieces, "--resume").Exit);
        AssertSameArtifacts(whole, pieces);
        AssertCurvesAreWhole(whole, pieces);
    }

    [Fact]
    public void What_a_kill_between_saving_and_clearing_left_is_cleared()
    {
        var (config, folder) = (tiny.Config("left", c => c), Out("left"));
        using (var process = EngineProcess.Start("train", config, "--out", folder))
        {
            JournalFile.WaitFor(() => JournalFile.Events(folder).OfType<MetricsEvent>().Any(m => m.Iteration == 1), process);
            EngineProcess.Signal(process, EngineProcess.Kill);
            process.WaitForExit();
        }
        var first = new RunFolder(folder).Iteration(0);
        string[] left = [Path.Combine(first, "checkpoint-000002"), Path.Combine(first, "checkpoint-000004.tmp")];
        foreach (var path in left)
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(path).FullName, "state.safetensors"), "half");

        Assert.Equal(0, EngineProcess.Run("train", config, "--out", folder, "--resume").Exit);
        Assert.All(left, path => Assert.False(Directory.Exists(path), path));
    }

    [Fact]
    public void A_folder_with_a_run_is_refused_without_resume()
    {
        var config = tiny.Config("twice", c => c with { Iterations = 1 });
        Assert.Equal(0, EngineProcess.Run("train", config, "--out", Out("twice")).Exit);
        var (exit, errors) = EngineProcess.Run("train", config, "--out", Out("twice"));
        Assert.Equal(RunFolder.BadInputExitCode, exit);
        Assert.Contains("pass --resume", errors, StringComparison.Ordinal);
    }

    /// <summary>Every file that is a result: pairs, answers, evaluations, models.</summary>
    private static void AssertSameArtifacts(string whole, string pieces)
    {
        string[] results = ["pairs.jsonl", "held-out-samples.jsonl", "evaluation.json", "model.safetensors", "adapter_model.safetensors", "reference.safetensors"];
        var files = Directory.EnumerateFiles(whole, "*", SearchOption.AllDirectories).Where(f => results.Contains(Path.GetFileName(f))).Select(f => Path.GetRelativePath(whole, f)).Order().ToList();
        Assert.Contains("iteration-0/model/model.safetensors", files);
        foreach (var file in files)
            Assert.True(FileHash.Of(Path.Combine(whole, file)) == FileHash.Of(Path.Combine(pieces, file)), $"{file} differs");
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(pieces, "*", SearchOption.AllDirectories), f => f.EndsWith(".partial", StringComparison.Ordinal) || f.Contains("checkpoint-", StringComparison.Ordinal));
    }

    /// <summary>The same end and advice; each point once, none missing, the same values; numbers without a gap.</summary>
    private static void AssertCurvesAreWhole(string whole, string pieces)
    {
        var events = JournalFile.Events(pieces);
        Assert.Equal(Enumerable.Range(1, events.Count).Select(n => (long)n), events.Select(e => e.Seq));
        Assert.Equal(Points(JournalFile.Events(whole)), Points(events));
        Assert.Equal(Assert.IsType<FinishedEvent>(JournalFile.Events(whole)[^1]).Model, Assert.IsType<FinishedEvent>(events[^1]).Model);
        // A judgement may be told twice, if the run was killed just after it, but is the same.
        Assert.Equal(Advice(JournalFile.Events(whole)), Advice(events));

        static List<string> Advice(List<JournalEvent> events) => [.. events.OfType<AdviceEvent>().Select(e => $"{e.Iteration} {e.Advice} {e.Keep} {e.Ends} {e.Sentence} {string.Join(' ', e.Evidence)}").Distinct()];

        static List<string> Points(List<JournalEvent> events) =>
            [.. events.OfType<MetricsEvent>().Select(m => $"{m.Iteration} {m.Step} {m.GlobalStep} {m.Tokens} {string.Join(' ', m.Values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value}"))}")];
    }

    private static long JournalLength(string folder) => new FileInfo(new RunFolder(folder).Journal) is { Exists: true } file ? file.Length : 0;

    private string Out(string name) => Path.Combine(tiny.Root, "runs", name);
}
