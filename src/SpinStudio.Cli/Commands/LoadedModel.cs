using SpinStudio.Engine;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Torch;

namespace SpinStudio.Cli.Commands;

/// <summary>A model with its tokenizer and template, ready to answer.</summary>
internal sealed class LoadedModel : IDisposable
{
    private LoadedModel(ModelFolder folder, RunConfig config)
    {
        var room = folder.Config.MaxPositions - config.Generation.MaxNewTokens;
        if (room < 1)
            throw new BadInputException($"--max-new-tokens {config.Generation.MaxNewTokens} leaves no room for a prompt: the model has {folder.Config.MaxPositions} positions");
        torch.set_num_threads(config.Threads > 0 ? config.Threads : Environment.ProcessorCount);
        Encoder = ConversationEncoder.Load(folder.Path, folder.Config.MaxPositions, room);
        Weights = LlamaModelFiles.Load(folder.Path, config.Dtype == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32);
        StopIds = [.. folder.StopTokenIds.Append(Encoder.EosId).Distinct()];
    }

    public ConversationEncoder Encoder { get; }

    public LlamaModel Weights { get; }

    /// <summary>Ids that end an answer.</summary>
    public IReadOnlyList<int> StopIds { get; }

    public static LoadedModel Open(RunConfig config) => new(ModelFolder.Open(config.Model), config);

    public void Dispose() => Weights.Dispose();
}
