using System.CommandLine;
using SpinStudio.Cli.Output;
using SpinStudio.Engine;
using SpinStudio.Engine.Export;

namespace SpinStudio.Cli.Commands;

/// <summary><c>export</c>: writes a model in the format of other tools.</summary>
internal static class ExportCommand
{
    private const string Gguf = "gguf";

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "Model folder (Hugging Face layout)." };
        var format = new Option<string>("--format") { Description = "gguf: one file for llama.cpp.", HelpName = "FORMAT", DefaultValueFactory = _ => Gguf };
        var type = new Option<string>("--type") { Description = $"What weights are stored as: {string.Join(", ", GgufTypes.Names)}.", HelpName = "TYPE", DefaultValueFactory = _ => "f16" };
        var output = new Option<string>("--out") { Description = "The file; appears when it is complete.", HelpName = "FILE", Required = true };
        var command = new Command("export", "Write a model in the format of other tools.") { model, format, type, output };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(model), parsed.GetRequiredValue(format), GgufTypes.Parse(parsed.GetRequiredValue(type)), Path.GetFullPath(parsed.GetRequiredValue(output))));
        return command;
    }

    private static int Run(string folder, string format, GgufType type, string output)
    {
        if (format != Gguf)
            throw new BadInputException($"--format {format} is not written; {Gguf} is. A model folder is already in Hugging Face's format");
        if (!Directory.Exists(Path.GetDirectoryName(output)))
            throw new BadInputException($"the folder of {output} does not exist");
        var writer = GgufWriter.Open(folder, type, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))));
        var partial = output + ".part";
        try
        {
            WorkProgress.Follow("export", WorkProgress.Bytes, writer.Length, tell =>
            {
                using var file = new FileStream(partial, FileMode.Create, FileAccess.Write);
                writer.WriteAsync(file, done => tell(done, 0)).GetAwaiter().GetResult();
                file.Flush(flushToDisk: true);
                return file.Length;
            });
            File.Move(partial, output, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
        Console.Out.WriteLine($"{output}: GGUF, {type.Name()}, {Figures.Bytes(writer.Length)}");
        return ExitCode.Done;
    }
}
