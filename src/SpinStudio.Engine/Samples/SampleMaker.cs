using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;

namespace SpinStudio.Engine.Samples;

/// <summary>
/// Makes the bundled sample from nothing: the dataset, a tokenizer, and the starting model, which is a fresh decoder supervised on plentiful answers of mixed
/// quality. Asked again for the same folder, it goes on where it was stopped.
/// </summary>
/// <remarks>
/// <c>dataset/</c> train, validation and held-out examples · <c>model/</c> the starting model · <c>making/</c> what the model was made from and by: mixed.jsonl,
/// the fresh model, and the supervised run.
/// </remarks>
public static class SampleMaker
{
    private const int Seed = 1;

    /// <param name="folder">Is created. Its <c>model</c> must not exist yet.</param>
    /// <param name="told">Called with each event of the supervised run.</param>
    /// <param name="stop">Asks for a checkpoint and an end.</param>
    /// <returns>How the supervised run ended; the model is there when it finished.</returns>
    /// <exception cref="BadInputException">The folder holds a model already, or another run is at work in it.</exception>
    public static RunOutcome Make(string folder, Action<JournalEvent>? told = null, CancellationToken stop = default)
    {
        string model = Path.Combine(folder, "model");
        if (Directory.Exists(model))
        {
            throw new BadInputException($"{model} exists already; choose another folder, or remove it to make the sample anew");
        }
        string making = Path.Combine(folder, "making");
        SampleDataset.Write(Path.Combine(folder, "dataset"));
        WriteIngredients(making);

        var run = new RunFolder(Path.Combine(making, "run"));
        RunOutcome outcome = EngineRun.Play(Supervision(folder, making), run, resume: File.Exists(run.Journal), told, stop);
        if (outcome == RunOutcome.Finished)
        {
            File.WriteAllText(Path.Combine(run.Model(0), "README.md"), ModelCard);
            ModelFolder.Copy(run.Model(0), model);
        }
        return outcome;
    }

    /// <summary>The supervised run: every mixed answer once.</summary>
    private static RunConfig Supervision(string folder, string making) => new()
    {
        Name = "Sample starting model",
        Kind = RunKind.Sft,
        Model = Path.GetFullPath(Path.Combine(making, "fresh")),
        Dataset = Path.GetFullPath(Path.Combine(making, "mixed.jsonl")),
        HeldOut = Path.GetFullPath(Path.Combine(folder, "dataset", "validation.jsonl")),
        Seed = Seed,
        Threads = 1, // the same bytes on any number of cores
        Dtype = Precision.Bf16,
        LearningRate = [4e-3],
        Optimizer = OptimizerKind.AdamW,
        WarmupRatio = 0.1,
        ScheduleEpochs = 1,
        Epochs = 1,
        BatchSize = 32,
        MicroBatchSize = 8,
        MaxLength = 128,
        MaxPromptLength = 64,
        CheckpointEvery = 250,
        Generation = new GenerationConfig { MaxNewTokens = 48, BatchSize = 64 },
        Evaluation = new EvaluationConfig { Examples = SampleDataset.ValidationCount },
    };

    private static void WriteIngredients(string making)
    {
        string fresh = Path.Combine(making, "fresh");
        if (Directory.Exists(fresh))
        {
            return;
        }
        string partial = fresh + ".partial";
        var mixed = SampleDataset.Mixed();
        SampleModel.WriteFresh(partial, mixed, Seed);
        SampleDataset.WriteLines(Path.Combine(making, "mixed.jsonl"), mixed);
        Directory.Move(partial, fresh);
    }

    private static readonly string ModelCard =
        $"""
        # SpinStudio's sample model

        A decoder of the Llama family with 0.7 million parameters and a byte-level BPE of its own, trained from random weights by `spinstudio sample make`
        (seed {Seed}) on {SampleDataset.MixedCount} generated English instructions, each seen once: two-sentence stories, lists, rewritings, sortings.
        {SampleDataset.SloppyShare:P0} of the answers that it was taught on carry one fault on purpose (a wrong hero, a missing sentence, a word twice, …), and so do about
        as many of its own. It is the starting point of the sample's self-play run, and good for nothing else.

        Weights and data are under this repository's licence. docs/sample.md tells how both were made and what training does to them.

        """;
}
