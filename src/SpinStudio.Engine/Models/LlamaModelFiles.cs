using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>A model's weights in and out of Hugging Face folders, and fresh ones.</summary>
public static class LlamaModelFiles
{
    /// <summary>A model with the folder's weights, converted to <paramref name="dtype"/>.</summary>
    /// <exception cref="BadInputException">The folder is not a model of a supported family, or a tensor is missing or has another shape than its config asks for.</exception>
    public static LlamaModel Load(string folder, ScalarType dtype)
    {
        var opened = ModelFolder.Open(folder);
        var model = new LlamaModel(opened.Config, dtype);
        using var weights = opened.OpenWeights();
        Read(model, weights);
        return model;
    }

    /// <summary>Copies weights into a model of the same shape.</summary>
    public static void Read(LlamaModel model, ModelWeights weights)
    {
        using var scope = torch.NewDisposeScope();
        foreach (var (name, _) in model.Parameters.Tensors)
            TensorFile.CopyTo(weights.Find(name)!, weights.Bytes(name), model.Parameters.Part(model.Parameters.Weights, name));
    }

    /// <summary>Saves the weights beside the config, tokenizer and template of <paramref name="source"/>, whole or not at all.</summary>
    /// <returns>SHA-256 of the weights' file.</returns>
    public static string Save(LlamaModel model, string source, string folder)
    {
        var hash = "";
        AtomicFile.WriteFolder(folder, beside =>
        {
            foreach (var file in Directory.EnumerateFiles(source).Where(f => !Path.GetFileName(f).StartsWith("model", StringComparison.Ordinal)))
                File.Copy(file, Path.Combine(beside, Path.GetFileName(file)));
            (model.Config with { TorchDtype = model.Dtype == ScalarType.BFloat16 ? "bfloat16" : "float32" }).Save(Path.Combine(beside, "config.json"));
            using var scope = torch.NewDisposeScope();
            hash = TensorFile.Save(
                Path.Combine(beside, ModelWeights.SingleFile),
                [.. model.Parameters.Tensors.Select(t => (t.Name, model.Parameters.Part(model.Parameters.Weights, t.Name)))],
                new Dictionary<string, string> { ["format"] = "pt" });
        });
        return hash;
    }

    /// <summary>Fresh weights: normal with the given deviation, those that write to the residual stream scaled by 1/√(2·layers) (GPT-2), norms 1.</summary>
    public static void Randomise(LlamaModel model, RandomStream stream, double deviation = 0.02)
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var (name, shape) in model.Parameters.Tensors)
        {
            var part = model.Parameters.Part(model.Parameters.Weights, name);
            if (shape.Length == 1)
            {
                part.fill_(1.0);
                continue;
            }
            var writesToResidual = name.Contains("o_proj", StringComparison.Ordinal) || name.Contains("down_proj", StringComparison.Ordinal);
            var scale = writesToResidual ? deviation / Math.Sqrt(2.0 * model.Config.Layers) : deviation;
            var values = new float[part.numel()];
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)(stream.NextNormal() * scale);
            part.copy_(torch.tensor(values, shape));
        }
    }
}
