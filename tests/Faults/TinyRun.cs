using System.Text.Json;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Samples;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Torch;

namespace SpinStudio.Faults;

/// <summary>A run of seconds: a random decoder of a few ten thousand weights, its own tokenizer, a few dozen examples, two iterations.</summary>
public sealed class TinyRun : IDisposable
{
    public TinyRun()
    {
        Directory.CreateDirectory(Model);
        var examples = SampleDataset.Train(48);
        var tokenizer = BpeTrainer.Train(
            Model, examples.Select(e => e.Prompt + " " + e.Response), 320, ["<|end|>", "<|user|>", "<|assistant|>"],
            new TokenizerSettings(EosToken: "<|end|>", ChatTemplate:
                "{% for message in messages %}{% if message['role'] == 'user' %}<|user|>{{ message['content'] }}{% else %}<|assistant|>{{ message['content'] }}<|end|>{% endif %}{% endfor %}" +
                "{% if add_generation_prompt %}<|assistant|>{% endif %}"));
        var config = new ModelConfig
        {
            VocabSize = tokenizer.VocabSize, HiddenSize = 32, IntermediateSize = 64, Layers = 2, Heads = 4, KeyValueHeads = 2, HeadDim = 8, TieWordEmbeddings = true,
            MaxPositions = 256, EosTokenIds = [tokenizer.EosTokenId!.Value],
        };
        Shape = config;
        WriteModel("fresh", config);
        Directory.Delete(Model, recursive: true);
        Directory.Move(Path.Combine(Root, "fresh"), Model);
        SampleDataset.WriteLines(Path.Combine(Root, "train.jsonl"), WithRejected(examples));
        SampleDataset.WriteLines(Path.Combine(Root, "held-out.jsonl"), WithRejected(SampleDataset.HeldOut(32)));
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("spin-faults-").FullName;

    public string Model => Path.Combine(Root, "model");

    /// <summary>Of the model.</summary>
    internal ModelConfig Shape { get; }

    /// <summary>Writes a random model of another shape, with the same tokenizer, beside <see cref="Model"/>.</summary>
    internal void WriteModel(string name, ModelConfig config)
    {
        using var model = new LlamaModel(config, ScalarType.Float32);
        LlamaModelFiles.Randomise(model, RandomStream.From(1), deviation: 0.1);
        LlamaModelFiles.Save(model, Model, Path.Combine(Root, name));
    }

    /// <summary>Writes the config of a run in this folder.</summary>
    public string Config(string name, Func<RunConfig, RunConfig> change)
    {
        var config = change(new RunConfig
        {
            Name = name, Model = "model", Dataset = "train.jsonl", HeldOut = "held-out.jsonl", Iterations = 2, Seed = 3, Threads = 1, Beta = [0.1], LearningRate = [1e-3],
            Optimizer = OptimizerKind.AdamW, Epochs = 2, ScheduleEpochs = 2, BatchSize = 8, MicroBatchSize = 4, MaxLength = 160, MaxPromptLength = 96, CheckpointEvery = 3,
            Generation = new GenerationConfig { MaxNewTokens = 16, BatchSize = 4 }, Evaluation = new EvaluationConfig { Examples = 12 },
        });
        var path = Path.Combine(Root, name + ".json");
        File.WriteAllText(path, JsonSerializer.Serialize(config, RunJson.Pretty));
        return path;
    }

    /// <summary>The next example's answer is a bad one to this prompt.</summary>
    private static IEnumerable<Example> WithRejected(IReadOnlyList<Example> examples) => examples.Select((example, i) => example with { Rejected = examples[(i + 1) % examples.Count].Response });

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
