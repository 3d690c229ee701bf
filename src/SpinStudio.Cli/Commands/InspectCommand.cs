using System.CommandLine;
using SpinStudio.Cli.Inspection;
using SpinStudio.Engine;

namespace SpinStudio.Cli.Commands;

/// <summary><c>inspect</c>: says what a path holds.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("PATH") { Description = "A run folder, a model folder, a .safetensors file, a run config (.json) or a dataset (.jsonl)." };
        var json = new Option<bool>("--json") { Description = "Write one JSON object instead of text." };
        var command = new Command("inspect", "Check a run, a model, a tensor file, a run config or a dataset, and tell what is in it.") { path, json };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(path), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string path, bool json)
    {
        var findings = Look(path);
        Console.Out.WriteLine(json ? findings.Json() : findings.Text());
        return ExitCode.Done;
    }

    private static Findings Look(string path)
    {
        if (Directory.Exists(path))
        {
            return RunFindings.IsRun(path) ? RunFindings.Of(path)
                : File.Exists(Path.Combine(path, "config.json")) ? ModelFindings.Of(path)
                : throw new BadInputException($"{path} is neither a run folder (it has no journal.jsonl) nor a model folder (it has no config.json)");
        }

        if (!File.Exists(path))
            throw new BadInputException($"{path} not found");
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".jsonl" => DatasetFindings.Of(path),
            ".json" => ConfigFindings.Of(path),
            _ => TensorFindings.Of(path), // names what it is when it is none
        };
    }
}
