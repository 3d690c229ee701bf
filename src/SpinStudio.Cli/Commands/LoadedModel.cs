using System.CommandLine;
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
    private LoadedModel(ModelFolder folder, RunConfig config, string? adapter)
    {
        var room = folder.Config.MaxPositions - config.Generation.MaxNewTokens;
        if (room < 1)
            throw new BadInputException($"--max-new-tokens {config.Generation.MaxNewTokens} leaves no room for a prompt: the model has {folder.Config.MaxPositions} positions");
        torch.set_num_threads(config.Threads > 0 ? config.Threads : Environment.ProcessorCount);
        ComputeDevice.Use(config.Device);
        Encoder = ConversationEncoder.Load(folder.Path, folder.Config.MaxPositions, room);
        var dtype = config.Dtype == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;
        Weights = adapter is null ? LlamaModelFiles.Load(folder.Path, dtype) : AdapterFiles.LoadMerged(folder.Path, adapter, dtype);
        StopIds = [.. folder.StopTokenIds.Append(Encoder.EosId).Distinct()];
    }

    public ConversationEncoder Encoder { get; }

    public LlamaModel Weights { get; }

    /// <summary>Ids that end an answer.</summary>
    public IReadOnlyList<int> StopIds { get; }

    /// <param name="adapter">Folder of a PEFT adapter that is merged into the model; null: none.</param>
    public static LoadedModel Open(RunConfig config, string? adapter) => new(ModelFolder.Open(config.Model), config, adapter);

    /// <summary>The option that names the adapter.</summary>
    public static Option<string?> AdapterOption() => new("--adapter") { Description = "Folder of a LoRA adapter (PEFT layout) that is merged into the model.", HelpName = "DIR" };

    public void Dispose() => Weights.Dispose();
}
