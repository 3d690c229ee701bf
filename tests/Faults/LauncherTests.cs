using SpinStudio.Engine.Runs;

namespace SpinStudio.Faults;

/// <summary>Runs where PyTorch's launcher is installed, and says what is missing where it is not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LauncherFactAttribute : FactAttribute
{
    private const string Package = "/usr/lib/python3/dist-packages/torch/distributed/run.py";

    public LauncherFactAttribute() => Skip = File.Exists(Package) ? null : "torchrun is not installed: apt-get install python3-torch";
}

/// <summary>Ranks that torchrun starts, in place of <c>--ranks</c>.</summary>
public sealed class LauncherTests(TinyRun tiny) : IClassFixture<TinyRun>
{
    /// <summary>Two ranks on this machine. Debian's torchrun 1.13 cannot read its own default of <c>--redirects</c> under Python 3.11, but others.</summary>
    private static readonly string[] Torchrun =
        ["/usr/bin/python3", "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "--redirects=1", "--tee=1", "--no_python"];

    [LauncherFact]
    public void Stopped_and_resumed_under_torchrun_a_run_ends_with_the_bytes_of_one_that_started_its_ranks_itself()
    {
        var config = tiny.Config("torchrun", c => c with { Dtype = Precision.Fp32, Iterations = 1, Epochs = 6, ScheduleEpochs = 6 });
        RunFolder own = new(Path.Combine(tiny.Root, "runs", "own")), launched = new(Path.Combine(tiny.Root, "runs", "launched"));
        var (exit, errors) = EngineProcess.Run("train", config, "--out", own.Root, "--ranks", "2");
        Assert.True(exit == 0, errors);

        using (var launcher = EngineProcess.StartBy(Torchrun, "train", config, "--out", launched.Root))
        {
            _ = launcher.StandardError.ReadToEndAsync();
            JournalFile.WaitFor(() => JournalFile.Events(launched.Root).OfType<MetricsEvent>().Any(m => m.Step >= 1), launcher);
            EngineProcess.Signal(launcher, EngineProcess.Terminate);
            launcher.WaitForExit();
        }
        Assert.Equal("asked to stop", Assert.IsType<StoppedEvent>(JournalFile.Events(launched.Root)[^1]).Reason);

        (exit, errors) = EngineProcess.Finish(EngineProcess.StartBy(Torchrun, "train", config, "--out", launched.Root, "--resume"));
        Assert.True(exit == 0, errors);
        Assert.Equal([2, 2], JournalFile.Events(launched.Root).OfType<StartedEvent>().Select(e => e.Ranks));
        Assert.Equal(FileHash.Of(Path.Combine(own.Model(0), "model.safetensors")), FileHash.Of(Path.Combine(launched.Model(0), "model.safetensors")));
    }
}
