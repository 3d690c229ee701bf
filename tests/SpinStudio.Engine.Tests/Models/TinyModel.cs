using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Models;

/// <summary>Decoders of a few thousand weights.</summary>
internal static class TinyModel
{
    public static ModelConfig Config { get; } = new()
    {
        VocabSize = 61, HiddenSize = 32, IntermediateSize = 48, Layers = 2, Heads = 4, KeyValueHeads = 2, HeadDim = 8,
        RmsNormEps = 1e-5, TieWordEmbeddings = true, MaxPositions = 128, BosTokenId = 0, EosTokenIds = [2],
    };

    /// <summary>Weights by the formula of Oracle/make_llama_fixtures.py: 0.2·sin(0.7·i + 1.3·k) for the i-th number of the k-th tensor, norms 1 + half of that.</summary>
    public static LlamaModel ByFormula(ModelConfig? config = null, ScalarType dtype = ScalarType.Float32, LoraConfig? adapters = null)
    {
        var model = new LlamaModel(config ?? Config, dtype, adapters);
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var k = 0;
        foreach (var (name, shape) in model.Parameters.Tensors)
        {
            var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
            for (var i = 0; i < values.Length; i++)
            {
                var sine = Math.Sin(i * 0.7 + 1.3 * k);
                values[i] = (float)(shape.Length == 1 ? 1 + 0.1 * sine : 0.2 * sine);
            }
            model.Parameters.Part(model.Parameters.Weights, name).copy_(torch.tensor(values, shape));
            k++;
        }
        return model;
    }
}
