using System.Globalization;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>A model's weights in and out of Hugging Face folders, and fresh ones.</summary>
public static class LlamaModelFiles
{
    /// <summary>Larger weights are saved in several files, as Hugging Face does.</summary>
    private const long LargestFile = 5_000_000_000;

    /// <summary>A model with the folder's weights, converted to <paramref name="dtype"/>.</summary>
    /// <param name="adapters">Low-rank adapters to stand beside the weights, still zero.</param>
    /// <exception cref="BadInputException">The folder is not a model of a supported family, or a tensor is missing or has another shape than its config asks for.</exception>
    public static LlamaModel Load(string folder, ScalarType dtype, LoraConfig? adapters = null)
    {
        var opened = ModelFolder.Open(folder);
        var model = new LlamaModel(opened.Config, dtype, adapters);
        using var weights = opened.OpenWeights();
        Read(model, weights);
        return model;
    }

    /// <summary>Copies weights into a model of the same shape.</summary>
    public static void Read(LlamaModel model, ModelWeights weights)
    {
        using var scope = torch.NewDisposeScope();
        foreach (var (name, _) in model.Parameters.Tensors)
            TensorFile.CopyTo(weights.Find(name)!, weights.Pointer(name), model.Parameters.Part(model.Parameters.Weights, name));
    }

    /// <summary>Saves the weights beside the config, tokenizer and template of <paramref name="source"/>, whole or not at all.</summary>
    /// <param name="largestFile">Bytes of weights in one file; more become shards with an index.</param>
    /// <returns>Hash of the weights, as <see cref="ModelWeights.Sha256"/> gives it.</returns>
    public static string Save(LlamaModel model, string source, string folder, long largestFile = LargestFile)
    {
        AtomicFile.WriteFolder(folder, beside =>
        {
            foreach (var file in Directory.EnumerateFiles(source).Where(f => !Path.GetFileName(f).StartsWith("model", StringComparison.Ordinal)))
                File.Copy(file, Path.Combine(beside, Path.GetFileName(file)));
            (model.Config with { TorchDtype = model.Dtype == ScalarType.BFloat16 ? "bfloat16" : "float32" }).Save(Path.Combine(beside, "config.json"));
            using var scope = torch.NewDisposeScope();
            SaveWeights([.. model.Parameters.Tensors.Select(t => (t.Name, model.Parameters.Part(model.Parameters.Weights, t.Name)))], beside, largestFile);
        });
        return ModelWeights.Sha256(folder);
    }

    private static void SaveWeights(IReadOnlyList<(string Name, Tensor Tensor)> tensors, string folder, long largestFile)
    {
        var format = new Dictionary<string, string> { ["format"] = "pt" };
        var shards = Shards(tensors, largestFile);
        if (shards.Count == 1)
        {
            TensorFile.Save(Path.Combine(folder, ModelWeights.SingleFile), tensors, format);
            return;
        }
        var map = new JsonObject();
        foreach (var (i, shard) in shards.Index())
        {
            var file = string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors");
            TensorFile.Save(Path.Combine(folder, file), shard, format);
            shard.ForEach(one => map[one.Name] = file);
        }
        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = tensors.Sum(one => Bytes(one.Tensor)) }, ["weight_map"] = map };
        File.WriteAllText(Path.Combine(folder, ModelWeights.IndexFile), index.ToJsonString(RunJson.Pretty) + "\n");
    }

    /// <summary>Tensors in their order, so many to a file that none is too large, but at least one.</summary>
    private static List<List<(string Name, Tensor Tensor)>> Shards(IReadOnlyList<(string Name, Tensor Tensor)> tensors, long largestFile)
    {
        var shards = new List<List<(string Name, Tensor Tensor)>> { new() };
        var filled = 0L;
        foreach (var one in tensors)
        {
            if (filled > 0 && filled + Bytes(one.Tensor) > largestFile)
            {
                shards.Add([]);
                filled = 0;
            }
            shards[^1].Add(one);
            filled += Bytes(one.Tensor);
        }
        return shards;
    }

    private static long Bytes(Tensor tensor) => tensor.numel() * (tensor.dtype == ScalarType.BFloat16 ? 2 : 4);

    /// <summary>Fresh weights: normal with the given deviation, those that write to the residual stream scaled by 1/√(2·layers) (GPT-2), norms 1, biases 0.</summary>
    public static void Randomise(LlamaModel model, RandomStream stream, double deviation = 0.02)
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var (name, shape) in model.Parameters.Tensors)
        {
            var part = model.Parameters.Part(model.Parameters.Weights, name);
            if (shape.Length == 1)
            {
                part.fill_(name.EndsWith(".bias", StringComparison.Ordinal) ? 0.0 : 1.0);
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
