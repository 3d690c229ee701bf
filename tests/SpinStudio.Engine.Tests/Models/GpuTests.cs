using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Models;

/// <summary>Runs where libtorch finds a CUDA device, and says why not where it finds none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GpuFactAttribute : FactAttribute
{
    public GpuFactAttribute() => Skip = torch.cuda_is_available() ? null : $"libtorch {torch.version} finds no CUDA device";
}

/// <summary>The device is the whole process's.</summary>
[CollectionDefinition(nameof(GpuTests), DisableParallelization = true)]
[Collection(nameof(GpuTests))]
[Trait("Category", "Gpu")]
public sealed class GpuTests : IDisposable
{
    private static readonly int[] Prompt = [0, 5, 9, 3], Answer = [7, 11, 2];

    [GpuFact]
    public void Log_probs_gradients_and_a_step_are_those_of_the_processor()
    {
        var (logProb, gradients, weights) = OneStep("cpu");
        var (onDevice, gradientsOnDevice, weightsOnDevice) = OneStep("cuda");

        Assert.Equal(logProb, onDevice, 1e-3f);
        Assert.All(gradients.Zip(gradientsOnDevice), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        Assert.All(weights.Zip(weightsOnDevice), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [GpuFact]
    public void Greedy_answers_are_those_of_the_processor() => Assert.Equal(Greedy("cpu"), Greedy("cuda"));

    [Fact]
    public void A_device_that_is_not_there_is_refused_with_those_that_are()
    {
        var refused = Assert.Throws<BadInputException>(() => ComputeDevice.Use("cuda:63"));

        Assert.Contains("device 'cuda:63' is not there", refused.Message, StringComparison.Ordinal);
        Assert.Contains(string.Join(", ", ComputeDevice.Available), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_device_auto_is_the_processor() => Assert.Equal(torch.cuda_is_available() ? "cuda:0" : "cpu", ComputeDevice.Use("auto"));

    public void Dispose() => torch.set_default_device(torch.CPU);

    private static (float LogProb, float[] Gradients, float[] Weights) OneStep(string device)
    {
        ComputeDevice.Use(device);
        using var scope = torch.NewDisposeScope();
        using var model = TinyModel.ByFormula();
        using var optimizer = new FlatOptimizer(OptimizerKind.AdamW, 0, model.Parameters);
        var batch = new AnswerBatch();
        batch.Add(Prompt, Answer);
        var logProb = batch.LogProbs(model).sum();
        (-logProb).backward();
        optimizer.Accumulate();
        var gradients = optimizer.Gradients.cpu().data<float>().ToArray();
        optimizer.Step(1e-3, 1);
        return (logProb.item<float>(), gradients, optimizer.Masters.cpu().data<float>().ToArray());
    }

    private static int[] Greedy(string device)
    {
        ComputeDevice.Use(device);
        using var model = TinyModel.ByFormula();
        var generator = new Generator(model, new GenerationConfig { Temperature = 0, MaxNewTokens = 12 }, [2]);
        return generator.Answer([new GenerationRequest(Prompt, RandomStream.From(1))])[0].Ids;
    }
}
