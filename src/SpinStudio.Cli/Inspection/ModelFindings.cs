using SpinStudio.Engine.Models;

namespace SpinStudio.Cli.Inspection;

/// <summary>A model folder: architecture, sizes, files.</summary>
internal static class ModelFindings
{
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
                ("stop_token_ids", model.StopTokenIds.Select(id => id.ToString(System.Globalization.CultureInfo.InvariantCulture)).ToList()),
            ],
        };
    }
}
