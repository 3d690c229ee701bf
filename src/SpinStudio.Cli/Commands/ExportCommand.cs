using System.CommandLine;
using SpinStudio.Cli.Output;
using SpinStudio.Engine;
using SpinStudio.Engine.Export;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Cli.Commands;

/// <summary><c>export</c>: writes a model in the format of other tools.</summary>
internal static class ExportCommand
{
    private const string Gguf = "gguf", HuggingFace = "hf", Peft = "peft";

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "Model folder (Hugging Face layout)." };
        var adapter = LoadedModel.AdapterOption();
        var format = new Option<string>("--format")
        {
            Description = "gguf: one file for llama.cpp. hf: a model folder with the adapter merged. peft: the adapter of a run's iteration, whose model folder MODEL is.", HelpName = "FORMAT", DefaultValueFactory = _ => Gguf,
        };
        var type = new Option<string>("--type") { Description = $"What weights are stored as: {string.Join(", ", GgufTypes.Names)}.", HelpName = "TYPE", DefaultValueFactory = _ => "f16" };
        var output = new Option<string>("--out") { Description = "The file or folder; appears when it is complete.", HelpName = "PATH", Required = true };
        var command = new Command("export", "Write a model in the format of other tools.") { model, adapter, format, type, output };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(model), parsed.GetValue(adapter), parsed.GetRequiredValue(format), GgufTypes.Parse(parsed.GetRequiredValue(type)), Path.GetFullPath(parsed.GetRequiredValue(output))));
        return command;
    }

    private static int Run(string folder, string? adapter, string format, GgufType type, string output)
    {
        if (!Directory.Exists(Path.GetDirectoryName(output)))
            throw new BadInputException($"the folder of {output} does not exist");
        switch (format)
        {
            case Gguf when adapter is null:
                WriteGguf(folder, type, output);
                break;
            case Gguf:
                throw new BadInputException("--format gguf takes a whole model; merge the adapter first, with --format hf");
            case HuggingFace:
                WriteMerged(folder, adapter ?? throw new BadInputException("--format hf merges an adapter; give --adapter. A model folder is already in Hugging Face's format"), output);
                break;
            case Peft:
                CopyAdapter(folder, adapter, output);
                break;
            default:
                throw new BadInputException($"--format {format} is not written; {Gguf}, {HuggingFace} and {Peft} are");
        }
        return ExitCode.Done;
    }

    private static void WriteGguf(string folder, GgufType type, string output)
    {
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
    }

    /// <summary>The model with the adapter in its weights: bf16 where the model is, else fp32.</summary>
    private static void WriteMerged(string folder, string adapter, string output)
    {
        RefuseExisting(output);
        var opened = ModelFolder.Open(folder);
        var dtype = opened.Dtypes is ["BF16"] ? ScalarType.BFloat16 : ScalarType.Float32;
        using (var merged = AdapterFiles.LoadMerged(folder, adapter, dtype))
            LlamaModelFiles.Save(merged, folder, output);
        Console.Out.WriteLine($"{output}: model folder with the adapter merged, {(dtype == ScalarType.BFloat16 ? "bf16" : "fp32")}, {Figures.Bytes(ModelFolder.Open(output).WeightBytes)}");
    }

    private static void CopyAdapter(string folder, string? adapter, string output)
    {
        RefuseExisting(output);
        var source = PeftAdapter.Find(folder, adapter) ?? throw new BadInputException($"{folder} has no adapter beside it: it is not the model of a run with lora.rank. Give --adapter, or take the whole model");
        AtomicFile.WriteFolder(output, beside =>
        {
            foreach (var name in PeftAdapter.Files)
                File.Copy(Path.Combine(source.Path, name), Path.Combine(beside, name));
        });
        Console.Out.WriteLine($"{output}: PEFT adapter of rank {source.Settings.Rank}, {Figures.Bytes(new FileInfo(Path.Combine(output, PeftAdapter.WeightsFile)).Length)}");
    }

    private static void RefuseExisting(string output)
    {
        if (Path.Exists(output))
            throw new BadInputException($"{output} exists already; name a new folder");
    }
}
