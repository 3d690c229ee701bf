using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>Low-rank adapters in and out of PEFT's layout, and into the weights of their model.</summary>
public static class AdapterFiles
{
    /// <summary>Saves adapters, whole or not at all.</summary>
    /// <param name="flat">Their values in the order of <see cref="LowRankAdapters.Parameters"/>: these, or fp32 masters.</param>
    /// <param name="baseModel">Name of the model they belong to.</param>
    public static void Save(LowRankAdapters adapters, Tensor flat, string baseModel, string folder) => AtomicFile.WriteFolder(folder, beside =>
    {
        PeftAdapter.WriteConfig(adapters.Settings, baseModel, beside);
        using var scope = torch.NewDisposeScope();
        TensorFile.Save(
            Path.Combine(beside, PeftAdapter.WeightsFile), [.. adapters.Parameters.Tensors.Select(t => (t.Name, adapters.Parameters.Part(flat, t.Name)))],
            new Dictionary<string, string> { ["format"] = "pt" });
    });

    /// <summary>Copies saved adapters of the same settings into <paramref name="flat"/>, which has the order of <see cref="LowRankAdapters.Parameters"/>.</summary>
    /// <exception cref="BadInputException">The folder is no adapter that is read, or does not fit.</exception>
    public static void Read(string folder, LowRankAdapters adapters, Tensor flat)
    {
        var saved = PeftAdapter.Open(folder);
        using var file = SafetensorsFile.Open(saved.Weights);
        saved.Check(file, [.. adapters.Parameters.Tensors]);
        using var scope = torch.NewDisposeScope();
        foreach (var (name, _) in adapters.Parameters.Tensors)
            TensorFile.CopyTo(file, name, adapters.Parameters.Part(flat, name));
        if (!flat.isfinite().all().item<bool>())
            throw new BadInputException($"{saved.Weights} holds numbers that are NaN or infinite");
    }

    /// <summary>A model with an adapter merged into its weights: as fast as the model alone.</summary>
    /// <exception cref="BadInputException">The model or the adapter is refused, or they do not fit each other.</exception>
    public static LlamaModel LoadMerged(string model, string adapter, ScalarType dtype)
    {
        var opened = PeftAdapter.Open(adapter);
        var loaded = LlamaModelFiles.Load(model, dtype);
        try
        {
            using var adapters = new LowRankAdapters(LlamaModel.Leaves(loaded.Config), opened.Settings, ScalarType.Float32);
            Read(adapter, adapters, adapters.Parameters.Weights);
            Merge(loaded, adapters);
            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>W ← W + s·B·A for each adapted projection: computed in fp32, rounded to the weights' type once.</summary>
    /// <param name="adapters">In fp32.</param>
    internal static void Merge(LlamaModel model, LowRankAdapters adapters)
    {
        using var noGrad = torch.no_grad();
        foreach (var module in adapters.Modules)
        {
            using var scope = torch.NewDisposeScope();
            var weight = model.Parameters.Part(model.Parameters.Weights, module + ".weight");
            var a = adapters.Parameters.Part(adapters.Parameters.Weights, LowRankAdapters.NameOfA(module));
            var b = adapters.Parameters.Part(adapters.Parameters.Weights, LowRankAdapters.NameOfB(module));
            weight.copy_(weight.to(ScalarType.Float32) + (b.matmul(a) * adapters.Settings.Scale()));
        }
    }
}
