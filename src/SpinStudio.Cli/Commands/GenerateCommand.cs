using System.CommandLine;
using System.Text.Json;
using SpinStudio.Cli.Output;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Commands;

/// <summary><c>generate</c>: a model answers prompts.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Model folder (Hugging Face layout).", HelpName = "DIR", Required = true };
        var adapter = LoadedModel.AdapterOption();
        var prompts = new Option<string>("--prompts") { Description = "JSON Lines with prompt and optionally system (a dataset will do), or a .txt file with a prompt a line.", HelpName = "FILE", Required = true };
        var output = new Option<string>("--out") { Description = "JSON Lines with an answer each, in the order of the prompts; appears when all are there.", HelpName = "FILE", Required = true };
        var decoding = new DecodingOptions();
        var command = new Command("generate", "Answer prompts with a model.") { model, adapter, prompts, output };
        decoding.AddTo(command);
        command.SetAction(parsed => Run(decoding.Read(parsed, parsed.GetRequiredValue(model), parsed.GetRequiredValue(prompts)), parsed.GetValue(adapter), parsed.GetRequiredValue(output)));
        return command;
    }

    private static int Run(RunConfig config, string? adapter, string output)
    {
        var prompts = PromptFile.Read(config.Dataset);
        using var model = LoadedModel.Open(config, adapter);
        using var stop = new StopSignal(() => Console.Error.WriteLine("Stopping: no answers are written."));
        var generator = new Generator(model.Weights, config.Generation, model.StopIds);
        var requests = prompts.Select((prompt, index) => new GenerationRequest(model.Encoder.EncodePrompt(prompt), RandomStream.From(config.Seed, index))).ToList();
        GeneratedAnswer[] answers;
        try
        {
            answers = WorkProgress.Follow("generate", "prompts", requests.Count, tell =>
            {
                var done = 0;
                return generator.Answer(requests, _ => tell(++done, generator.TokensGenerated), stop.Token);
            });
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Failed;
        }

        var provenance = new Decoding(FileHash.Of(Path.Combine(config.Model, ModelFolder.Open(config.Model).WeightFiles[0])), adapter is null ? null : FileHash.Of(PeftAdapter.Open(adapter).Weights), config.Seed, config.Dtype, config.Generation);
        AtomicFile.Write(Path.GetFullPath(output), file =>
        {
            using var writer = new StreamWriter(file, leaveOpen: true) { NewLine = "\n" };
            foreach (var (prompt, answer) in prompts.Zip(answers))
            {
                writer.WriteLine(JsonSerializer.Serialize(
                    new Answer(prompt.PromptId, prompt.System, prompt.Prompt, model.Encoder.DecodeAnswer(answer.Ids), answer.Ids, answer.FinishReason, provenance), RunJson.Line));
            }
        });
        Console.Out.WriteLine($"{Figures.Count(answers.Length)} answers in {output}, {Figures.Count(answers.Count(answer => !answer.EndedByEos))} cut at {config.Generation.MaxNewTokens} tokens");
        return ExitCode.Done;
    }

    private sealed record Answer(string PromptId, string? System, string Prompt, string Generated, int[] GeneratedIds, string FinishReason, Decoding Decoding);

    /// <summary>Where an answer comes from.</summary>
    /// <param name="ModelSha256">Of the model's (first) weight file.</param>
    /// <param name="AdapterSha256">Of the adapter's weight file, if one was merged into the model.</param>
    private sealed record Decoding(string ModelSha256, string? AdapterSha256, int Seed, Precision Dtype, GenerationConfig Settings);
}
