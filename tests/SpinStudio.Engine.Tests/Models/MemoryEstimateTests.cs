using System.Globalization;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;

namespace SpinStudio.Engine.Tests.Models;

public sealed class MemoryEstimateTests
{
    private const long GB = 1_000_000_000;

    /// <summary>A model of 135 million parameters (SmolLM2's shape).</summary>
    private static readonly ModelConfig Small = new()
    {
        VocabSize = 49152, HiddenSize = 576, IntermediateSize = 1536, Layers = 30, Heads = 9, KeyValueHeads = 3, HeadDim = 64, TieWordEmbeddings = true, MaxPositions = 8192,
    };

    private static readonly RunConfig Run = new() { Model = "m", Dataset = "d", MaxLength = 2048, MicroBatchSize = 16 };

    [Fact]
    public void What_stays_follows_from_the_shape()
    {
        var config = TinyModel.Config;
        var count = config.ParameterCount;
        Assert.Equal(count * 2 + 2 * 2 * 2 * 8 * 2 * 3L * 10, MemoryEstimate.ToGenerate(config, Precision.Bf16, answers: 3, length: 10));
        Assert.Equal(count * 16, MemoryEstimate.ToTrain(config, Precision.Bf16, OptimizerKind.RmsProp));
        // A layer: q and o 32 → 32, k and v 32 → 16, gate and up 32 → 48, down 48 → 32.
        var adapters = 2 * 4 * ((2 * 64) + (2 * 48) + (3 * 80L));
        var lora = new LoraConfig { Rank = 4 };
        Assert.Equal(adapters, MemoryEstimate.AdapterCount(config, lora));
        Assert.Equal(2 * 4 * (64 + 48L), MemoryEstimate.AdapterCount(config, lora with { Targets = ["q_proj", "v_proj"] }));
        Assert.Equal(count * 2 + adapters * 20, MemoryEstimate.ToTrainAdapters(config, Precision.Bf16, OptimizerKind.AdamW, lora));
        using var model = TinyModel.ByFormula(adapters: lora);
        Assert.Equal(adapters, model.Trained.Count);
    }

    [Fact]
    public void Checkpointing_adapters_and_smaller_pieces_need_less()
    {
        var full = MemoryEstimate.Peak(Small, Run);
        Assert.True(MemoryEstimate.Peak(Small, Run with { GradientCheckpointing = true }) < full / 2);
        Assert.True(MemoryEstimate.ToTrain(Small, Run with { Lora = new LoraConfig { Rank = 16 } }) < MemoryEstimate.ToTrain(Small, Run) / 4);
        Assert.True(MemoryEstimate.Peak(Small, Run with { MicroBatchSize = 8 }) < full);
    }

    [Theory]
    [InlineData(24)]
    [InlineData(8)]
    [InlineData(4)]
    public void Every_change_that_is_offered_fits_and_is_a_valid_run(int gigabytes)
    {
        var changes = FittingSettings.For(Small, Run, gigabytes * GB);
        Assert.True(changes.Count >= 2, $"{changes.Count} changes");
        Assert.All(changes, change =>
        {
            Assert.Equal(MemoryEstimate.Peak(Small, change.Run), change.Bytes);
            Assert.InRange(change.Bytes, 1, 0.9 * gigabytes * GB);
            Assert.Empty(RunConfigFile.Validate(change.Run));
        });
    }

    /// <summary>Others had the memory: the same settings would fail again.</summary>
    [Fact]
    public void A_run_that_should_have_fitted_is_made_smaller_all_the_same() =>
        Assert.All(FittingSettings.For(Small, Run, 4000 * GB), change => Assert.True(change.Bytes <= 0.75 * MemoryEstimate.Peak(Small, Run)));

    [Fact]
    public void The_limit_is_that_of_the_machine_or_less()
    {
        var total = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemTotal:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        Assert.InRange(ProcessMemory.Limit(), GB / 10, long.Parse(total, CultureInfo.InvariantCulture) * 1024);
    }

    [Fact]
    public void The_message_gives_the_figures_and_two_settings()
    {
        var failure = OutOfMemory.Failure("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate 12345678901 bytes. Error code 12", Run, Small, 8 * GB);
        Assert.Equal("out_of_memory", failure.Cause);
        Assert.Contains("it has 8.0 GB. 12.3 GB more were asked for.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("134,515,008 parameters needs up to about", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, failure.Fixes.Count);
        Assert.All(failure.Fixes, suggestion => Assert.StartsWith("Set ", suggestion, StringComparison.Ordinal));
    }

    [Fact]
    public void Where_nothing_fits_it_says_so()
    {
        var failure = OutOfMemory.Failure("std::bad_alloc", Run, Small, GB / 2);
        Assert.Contains("No setting makes this run fit", Assert.Single(failure.Fixes), StringComparison.Ordinal);
    }
}
