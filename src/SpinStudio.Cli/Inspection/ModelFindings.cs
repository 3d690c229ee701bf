using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Inspection;

/// <summary>A model folder: architecture, sizes, files.</summary>
internal static class ModelFindings
{
    /// <summary>What the memory is estimated for, in bf16: a run's usual batch of answers, and usual adapters.</summary>
    private const int Answers = 64, AnswerLength = 768, AdapterRank = 16;

    public static Findings Of(string path)
    {
        var model = ModelFolder.Open(path);
        var config = model.Config;
        return new Findings("model", model.Path)
        {
            Figures =
            [
                ("architecture", config.Architecture),
                ("parameters", model.ParameterCount),
                ("dtypes", model.Dtypes),
                ("weight_bytes", model.WeightBytes),
                ("weight_files", model.WeightFiles),
                ("layers", config.Layers),
                ("hidden_size", config.HiddenSize),
                ("intermediate_size", config.IntermediateSize),
                ("heads", config.Heads),
                ("key_value_heads", config.KeyValueHeads),
                ("head_dim", config.HeadDim),
                ("vocab_size", config.VocabSize),
                ("max_positions", config.MaxPositions),
                ("tied_head", config.TieWordEmbeddings),
                .. config.SlidingWindow is { } window ? [("sliding_window", (object)window)] : Array.Empty<(string, object)>(),
                ("bytes_to_generate", MemoryEstimate.ToGenerate(config, Precision.Bf16, Answers, Math.Min(AnswerLength, config.MaxPositions))),
                ("bytes_to_train", MemoryEstimate.ToTrain(config, Precision.Bf16, OptimizerKind.RmsProp)),
                ("bytes_to_train_lora", MemoryEstimate.ToTrainAdapters(config, Precision.Bf16, OptimizerKind.AdamW, new LoraConfig { Rank = AdapterRank })),
                ("stop_token_ids", model.StopTokenIds.Select(id => id.ToString(System.Globalization.CultureInfo.InvariantCulture)).ToList()),
            ],
        };
    }
}
