using System.Runtime.CompilerServices;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Datasets.Import;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Tests.Tokenization;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Datasets;

/// <summary>Files in the layouts of published datasets (<c>layouts/make-layouts.py</c>) from the upload to a trained model: recognised, imported, played one iteration on.</summary>
public sealed class LayoutRunTests : IDisposable
{
    private static readonly string Layouts = Path.Combine(Path.GetDirectoryName(ThisFile())!, "layouts");

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("gsm8k.jsonl", "question and answer")]
    [InlineData("self-instruct.jsonl", "self-instruct")]
    [InlineData("alpaca.json", "Alpaca")]
    [InlineData("dolly.jsonl", "Dolly")]
    [InlineData("sharegpt.json", "ShareGPT")]
    [InlineData("ultrachat-200k.jsonl", "messages")]
    [InlineData("ultrachat.jsonl", "UltraChat")]
    [InlineData("spin.jsonl", "SPIN (real, generated)")]
    [InlineData("preferences.jsonl", "preferences (chosen)")]
    [InlineData("preferences-messages.jsonl", "preferences (chosen)")]
    [InlineData("support.csv", "columns chosen by hand")]
    public void A_layout_is_imported_and_trained_on(string file, string format)
    {
        var mapping = file == "support.csv" ? new ColumnMapping("what they ask", "what we say", Input: "details") : null;
        var report = DatasetImport.Import(Path.Combine(Layouts, file), file, _folder.In("train.jsonl"), mapping);
        Assert.Equal((format, true, 12), (report.Format?.Name, report.Imported, report.Rows));

        var examples = DatasetReader.Read(_folder.In("train.jsonl")).ToList();
        Assert.Equal("Ada has 3 apples and buys 4 more. How many apples does Ada have now?", examples[0].Prompt);
        Assert.Equal("Ada has 3+4 = <<3+4=7>>7 apples.\n#### 7", examples[0].Response);
        Assert.Equal("Put the words in order of the alphabet.\n\nzebra, ada, limes", examples[^1].Prompt);
        Assert.Equal("ada, limes, zebra", examples[^1].Response);
        if (file is "sharegpt.json" or "ultrachat-200k.jsonl" or "ultrachat.jsonl")
            Assert.Contains("4 conversations go on after the first answer; that part is left out", report.Warnings);

        Train(examples, format.StartsWith("preferences", StringComparison.Ordinal) ? RunKind.Dpo : RunKind.Spin);
    }

    public void Dispose() => _folder.Dispose();

    private void Train(List<Example> examples, RunKind kind)
    {
        var config = new ModelConfig { VocabSize = GoldenTokenizer.VocabSize, HiddenSize = 16, IntermediateSize = 24, Layers = 1, Heads = 2, KeyValueHeads = 1, HeadDim = 8, MaxPositions = 512, TieWordEmbeddings = true, EosTokenIds = [2] };
        using (var model = new LlamaModel(config, ScalarType.Float32))
        {
            LlamaModelFiles.Randomise(model, RandomStream.From(1), deviation: 0.1);
            LlamaModelFiles.Save(model, GoldenTokenizer.Folder, _folder.In("model"));
        }
        var run = new RunConfig
        {
            Model = _folder.In("model"),
            Dataset = _folder.In("train.jsonl"),
            Kind = kind,
            Iterations = 1,
            Dtype = Precision.Fp32,
            LearningRate = [1e-3],
            Epochs = 1,
            ScheduleEpochs = 1,
            BatchSize = 4,
            MicroBatchSize = 4,
            MaxLength = 384,
            MaxPromptLength = 256,
            Generation = new GenerationConfig { MaxNewTokens = 6, BatchSize = 12 },
        };
        var events = new List<JournalEvent>();
        Assert.Equal(RunOutcome.Finished, EngineRun.Play(run, new RunFolder(_folder.In("run")), resume: false, events.Add));
        var losses = events.OfType<MetricsEvent>().Select(step => step.Values["loss"]!.Value).ToList();
        Assert.Equal(3, losses.Count);
        Assert.Equal(Math.Log(2), losses[0], 1e-6);
        Assert.NotEqual(losses[0], losses[2]);
        var trained = File.ReadLines(new RunFolder(_folder.In("run")).Pairs(0)).Select(line => System.Text.Json.JsonSerializer.Deserialize<Pair>(line, RunJson.Line)!).Select(pair => pair.PromptId).ToHashSet();
        Assert.Equal(examples.Select(example => example.PromptId).Order(), trained.Order());
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
