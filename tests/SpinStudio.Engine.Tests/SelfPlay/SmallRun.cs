using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Samples;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Tests.Tokenization;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.SelfPlay;

/// <summary>A run of a second: a random decoder with the golden tokenizer, sample examples with a rejected answer each.</summary>
internal sealed class SmallRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <param name="shape">Of the decoder; null: a Llama of two layers.</param>
    /// <param name="spoil">Does something to the weights before they are saved.</param>
    public SmallRun(int train = 16, int heldOut = 8, ModelConfig? shape = null, Action<LlamaModel>? spoil = null)
    {
        Directory.CreateDirectory(_folder.In("tokenizer"));
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json" })
            File.Copy(Path.Combine(GoldenTokenizer.Folder, name), _folder.In("tokenizer/" + name));
        using (var model = new LlamaModel(shape ?? Shape, ScalarType.Float32))
        {
            LlamaModelFiles.Randomise(model, RandomStream.From(1), deviation: 0.1);
            spoil?.Invoke(model);
            LlamaModelFiles.Save(model, _folder.In("tokenizer"), _folder.In("model"));
        }
        SampleDataset.WriteLines(_folder.In("train.jsonl"), WithRejected(SampleDataset.Train(train)));
        SampleDataset.WriteLines(_folder.In("held-out.jsonl"), WithRejected(SampleDataset.HeldOut(heldOut)));
        Config = new RunConfig
        {
            Model = _folder.In("model"), Dataset = _folder.In("train.jsonl"), HeldOut = _folder.In("held-out.jsonl"), Iterations = 1, Dtype = Precision.Fp32, LearningRate = [3e-3], Beta = [0.1], WarmupRatio = 0,
            Optimizer = OptimizerKind.AdamW, Epochs = 2, ScheduleEpochs = 2, BatchSize = 4, MicroBatchSize = 2, MaxLength = 256, MaxPromptLength = 192,
            Generation = new GenerationConfig { MaxNewTokens = 8, BatchSize = 8 }, Evaluation = new EvaluationConfig { Examples = heldOut },
        };
    }

    /// <summary>A Llama of two layers.</summary>
    public static ModelConfig Shape { get; } = new()
    {
        VocabSize = GoldenTokenizer.VocabSize, HiddenSize = 32, IntermediateSize = 48, Layers = 2, Heads = 4, KeyValueHeads = 2, HeadDim = 8, MaxPositions = 512, EosTokenIds = [2], TieWordEmbeddings = true,
    };

    public RunConfig Config { get; }

    public string In(string name) => _folder.In(name);

    /// <summary>Plays a run into a folder of its own.</summary>
    public (RunOutcome Outcome, List<JournalEvent> Events, RunFolder Folder) Play(RunConfig config, string name = "run", bool resume = false)
    {
        var events = new List<JournalEvent>();
        var folder = new RunFolder(In(name));
        return (EngineRun.Play(config, folder, resume, events.Add), events, folder);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The next example's answer is a bad one to this prompt.</summary>
    private static IEnumerable<Example> WithRejected(IReadOnlyList<Example> examples) => examples.Select((example, i) => example with { Rejected = examples[(i + 1) % examples.Count].Response });
}
