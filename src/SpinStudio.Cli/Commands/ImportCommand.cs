using System.CommandLine;
using SpinStudio.Cli.Output;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets.Import;
using SpinStudio.Engine.Tables;

namespace SpinStudio.Cli.Commands;

/// <summary><c>import</c>: a file in one of the layouts that people have their data in becomes a dataset to train on.</summary>
internal static class ImportCommand
{
    private const int ShownErrors = 5, ShownColumns = 20;

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "JSON Lines, a JSON array, CSV, TSV, Parquet, or one of them packed with gzip or Zstandard." };
        var output = new Option<string>("--out") { Description = "The dataset: JSON Lines of prompt and response.", HelpName = "FILE", Required = true };
        var prompt = new Option<string?>("--prompt") { Description = "Column of the prompt, where the layout is not recognised.", HelpName = "COLUMN" };
        var response = new Option<string?>("--response") { Description = "Column of the answer.", HelpName = "COLUMN" };
        var input = new Option<string?>("--input") { Description = "Column of a second part of the prompt.", HelpName = "COLUMN" };
        var system = new Option<string?>("--system") { Description = "Column of a system message.", HelpName = "COLUMN" };
        var messages = new Option<string?>("--messages") { Description = "Column of a conversation, instead of prompt and answer.", HelpName = "COLUMN" };
        var skip = new Option<bool>("--skip-bad-rows") { Description = "Leave bad rows out instead of importing nothing." };
        var command = new Command("import", "Make a dataset of a file: its layout is recognised, or its columns are named.") { file, output, prompt, response, input, system, messages, skip };
        command.SetAction(parsed =>
        {
            var mapping = new ColumnMapping(parsed.GetValue(prompt), parsed.GetValue(response), parsed.GetValue(system), parsed.GetValue(input), parsed.GetValue(messages));
            return Run(Path.GetFullPath(parsed.GetRequiredValue(file)), Path.GetFullPath(parsed.GetRequiredValue(output)), mapping == new ColumnMapping(null, null) ? null : mapping, parsed.GetValue(skip));
        });
        return command;
    }

    private static int Run(string file, string output, ColumnMapping? mapping, bool skipBadRows)
    {
        if (!File.Exists(file))
            throw new BadInputException($"{file} not found");
        if (!Directory.Exists(Path.GetDirectoryName(output)))
            throw new BadInputException($"the folder of {output} does not exist");
        using var stop = new StopSignal(() => Console.Error.WriteLine("Stopping: nothing is written."));
        var rows = output + ".rows";
        try
        {
            var isTable = TableFile.Is(file);
            if (isTable)
                ConvertCommand.ToLines(TableFile.Open(file, Path.GetFileName(file)), rows, most: 0, stop.Token);
            var report = WorkProgress.Follow("import", "%", 100, tell => DatasetImport.Import(
                isTable ? rows : file, Path.GetFileName(isTable ? rows : file), output, mapping, skipBadRows, previewRows: 0, new Teller(done => tell((long)(100 * done.Share), 0)), stop.Token));
            Tell(file, output, report);
            return ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Failed;
        }
        finally
        {
            File.Delete(rows);
        }
    }

    private static void Tell(string file, string output, ImportReport report)
    {
        if (report.NeedsMapping)
            throw new BadInputException($"the layout of {file} is not recognised; say with --prompt and --response, or with --messages, which of its columns are: {string.Join(", ", report.Columns.Take(ShownColumns).Select(column => $"'{column.Name}'"))}");
        if (!report.Imported)
        {
            var first = string.Join("; ", report.Errors.Take(ShownErrors).Select(error => $"row {error.Row}: {error.Message}"));
            throw new BadInputException($"{file}: {Figures.Count(report.ErrorCount)} bad rows, so nothing was imported ({first}{(report.ErrorCount > ShownErrors ? "; …" : "")}); correct them, or leave them out with --skip-bad-rows");
        }
        Console.Out.WriteLine($"{output}: {Figures.Count(report.Rows)} examples, {report.Format!.Name}");
        if (report.ErrorCount > 0)
            Console.Out.WriteLine($"{Figures.Count(report.ErrorCount)} bad rows are left out");
        foreach (var warning in report.Warnings)
            Console.Out.WriteLine(warning);
    }

    /// <summary>Tells at once, on the thread that works.</summary>
    private sealed class Teller(Action<ImportProgress> tell) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => tell(value);
    }
}
