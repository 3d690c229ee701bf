using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Samples;

/// <summary>The sample's model before it has learnt anything: a small Llama-family decoder with random weights, and its tokenizer.</summary>
public static class SampleModel
{
    private const string Pad = "<|pad|>", End = "<|end|>", System = "<|system|>", User = "<|user|>", Assistant = "<|assistant|>";

    /// <summary>Enough for every word of the sample to be one token.</summary>
    private const int VocabSize = 1280;

    private const int HiddenSize = 128;

    /// <summary>A turn is its role's token, its text, and the end token; an answer is what stands between the assistant's token and the end.</summary>
    private const string ChatTemplate =
        "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

    /// <summary>Writes config, tokenizer, generation settings and random fp32 weights: the same bytes for the same texts and seed.</summary>
    /// <param name="folder">Is created.</param>
    /// <param name="examples">What the tokenizer is trained on.</param>
    public static void WriteFresh(string folder, IReadOnlyList<Example> examples, int seed)
    {
        Directory.CreateDirectory(folder);
        Tokenizer tokenizer = BpeTrainer.Train(
            folder, examples.SelectMany(example => new[] { example.Prompt, example.Response }), VocabSize,
            [Pad, End, System, User, Assistant], new TokenizerSettings(EosToken: End, PadToken: Pad, ChatTemplate: ChatTemplate));
        var config = new ModelConfig
        {
            VocabSize = tokenizer.VocabSize,
            HiddenSize = HiddenSize,
            IntermediateSize = 3 * HiddenSize,
            Layers = 3,
            Heads = 4,
            KeyValueHeads = 2,
            HeadDim = HiddenSize / 4,
            RmsNormEps = 1e-5,
            TieWordEmbeddings = true,
            MaxPositions = 512,
            EosTokenIds = [tokenizer.EosTokenId!.Value],
            PadTokenId = tokenizer.PadTokenId,
        };
        config.Save(Path.Combine(folder, "config.json"));
        var generation = new JsonObject { ["eos_token_id"] = tokenizer.EosTokenId, ["pad_token_id"] = tokenizer.PadTokenId, ["do_sample"] = true, ["temperature"] = 1.0 };
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), generation.ToJsonString(RunJson.Pretty) + "\n");
        WriteWeights(folder, config, new SampleRandom((ulong)seed));
    }

    /// <summary>
    /// Normal weights. The embedding, which is also the head, has deviation 1/√hidden: with the usual 0.02 a model this small takes several times as long to learn
    /// to copy words from the instruction. Matrices that write to the residual stream are scaled by 1/√(2·layers), as in GPT-2; norms are 1.
    /// </summary>
    private static void WriteWeights(string folder, ModelConfig config, SampleRandom random)
    {
        TensorInfo[] tensors = [.. config.ExpectedTensors().Select(tensor => new TensorInfo(tensor.Name, "F32", tensor.Shape))];
        using var writer = new SafetensorsWriter(Path.Combine(folder, ModelWeights.SingleFile), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        foreach (TensorInfo tensor in tensors)
        {
            double deviation = Deviation(tensor, config);
            float[] values = new float[tensor.Count];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = tensor.Shape.Count == 1 ? 1 : (float)(deviation * random.Normal());
            }
            writer.Write(tensor.Name, MemoryMarshal.AsBytes<float>(values));
        }
        writer.Complete();
    }

    private static double Deviation(TensorInfo tensor, ModelConfig config) => tensor.Name switch
    {
        "model.embed_tokens.weight" => 1 / Math.Sqrt(config.HiddenSize),
        _ when tensor.Name.EndsWith("o_proj.weight", StringComparison.Ordinal) || tensor.Name.EndsWith("down_proj.weight", StringComparison.Ordinal) => 0.02 / Math.Sqrt(2 * config.Layers),
        _ => 0.02,
    };
}
