using System.CommandLine;
using System.Text.Json;
using SpinStudio.Cli.Output;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Training;

namespace SpinStudio.Cli.Commands;

/// <summary><c>evaluate</c>: the held-out figures of a model, as a run measures them.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Model folder (Hugging Face layout).", HelpName = "DIR", Required = true };
        var adapter = LoadedModel.AdapterOption();
        var dataset = new Option<string>("--dataset") { Description = "JSON Lines with prompt and response, and check where answers can be checked exactly.", HelpName = "FILE", Required = true };
        var samples = new Option<int>("--samples-per-prompt") { Description = "Sampled answers to each prompt.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var json = new Option<bool>("--json") { Description = "Write the report as JSON, as in evaluation.json." };
        var decoding = new DecodingOptions();
        var command = new Command("evaluate", "Measure a model on a dataset: exact checks of sampled answers, likelihood of the human ones.") { model, adapter, dataset, samples, json };
        decoding.AddTo(command);
        command.SetAction(parsed => Run(decoding.Read(parsed, parsed.GetRequiredValue(model), parsed.GetRequiredValue(dataset)), parsed.GetValue(adapter), parsed.GetValue(samples), parsed.GetValue(json)));
        return command;
    }

    private static int Run(RunConfig config, string? adapter, int samples, bool json)
    {
        if (samples < 1)
            throw new BadInputException($"--samples-per-prompt {samples}: give at least 1");
        List<Example> examples = [.. DatasetReader.Read(config.Dataset)];
        using var model = LoadedModel.Open(config, adapter);
        var folder = Directory.CreateTempSubdirectory("spinstudio-");
        try
        {
            var answers = WorkProgress.Follow("sample", "prompts", (long)examples.Count * samples, tell => new AnswerGeneration(model.Encoder, config, model.StopIds).Answer(
                new Generator(model.Weights, config.Generation, model.StopIds), examples, samples, (-1, RunPhase.Evaluate), Path.Combine(folder.FullName, "answers.jsonl"), (done, tokens) => tell(done, tokens), _ => { }, CancellationToken.None));
            List<TokenSequence> human = [.. examples.Select(example => model.Encoder.Encode(example)).Select(encoded => new TokenSequence(encoded.Prompt, encoded.Answer))];
            var logProbs = WorkProgress.Follow("score", "answers", human.Count, tell => HeldOutEvaluation.LogProbs(model.Weights, human, done => tell(done, 0)));
            var report = HeldOutEvaluation.Report(-1, answers, human, logProbs, before: null, margins: null);
            Console.Out.WriteLine(json ? JsonSerializer.Serialize(report, RunJson.Pretty) : Text(report));
            return ExitCode.Done;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Text(EvaluationReport report) => TextTable.Render(["examples", Figures.Count(report.Examples)],
    [
        ["exact", Figures.Share(report.Exact)],
        .. report.ExactByKind.Select(kind => (string[])[$"  {kind.Key}", Figures.Share(kind.Value)]),
        ["nats a token", Figures.Mean(report.Nll)],
        ["mean length", $"{Figures.Number(Math.Round(report.MeanLength, 1))} tokens"],
        ["cut at the limit", Figures.Share(report.TruncatedShare)],
    ]).TrimEnd('\n');
}
