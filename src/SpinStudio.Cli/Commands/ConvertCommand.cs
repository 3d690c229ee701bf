using System.CommandLine;
using SpinStudio.Cli.Output;
using SpinStudio.Engine;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tables;

namespace SpinStudio.Cli.Commands;

/// <summary><c>convert</c>: Parquet and packed files into JSON Lines, pairs into the official Parquet layout.</summary>
internal static class ConvertCommand
{
    private const string ParquetEnding = ".parquet";
    private const int RowsPerReport = 1000;

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "Parquet; JSON Lines, JSON, CSV or TSV packed with gzip or Zstandard; or a run's pairs.jsonl." };
        var output = new Option<string>("--out") { Description = "JSON Lines; for pairs.jsonl a name that ends in .parquet.", HelpName = "FILE", Required = true };
        var name = new Option<string?>("--name") { Description = "The file's own name, where it is stored under another one: tells what is packed in it.", HelpName = "NAME" };
        var most = new Option<long>("--most-bytes") { Description = "Refuse to write more; 0 = no limit.", HelpName = "N", DefaultValueFactory = _ => 0 };
        var command = new Command("convert", "Parquet and packed files into JSON Lines; a run's pairs into Parquet as other SPIN tools read it.") { file, output, name, most };
        command.SetAction(parsed => Run(
            Path.GetFullPath(parsed.GetRequiredValue(file)), Path.GetFullPath(parsed.GetRequiredValue(output)), parsed.GetValue(name), parsed.GetValue(most)));
        return command;
    }

    private static int Run(string file, string output, string? name, long most)
    {
        using var stop = new StopSignal(() => Console.Error.WriteLine("Stopping: nothing is written."));
        try
        {
            if (output.EndsWith(ParquetEnding, StringComparison.OrdinalIgnoreCase))
                PairsParquet.Write(file, output, stop.Token);
            else
                Console.Out.WriteLine($"{Figures.Count(ToLines(TableFile.Open(file, name ?? Path.GetFileName(file)), output, most, stop.Token))} rows in {output}");
            return ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Failed;
        }
    }

    /// <summary>Every row as a line of JSON, in a file that appears whole or not at all.</summary>
    /// <param name="most">Bytes after which it is refused; 0: no limit.</param>
    internal static long ToLines(TableFile table, string output, long most, CancellationToken stop)
    {
        var rows = 0L;
        AtomicFile.Write(output, file => WorkProgress.Follow("convert", "rows", table.Count(stop) ?? 0, tell =>
        {
            foreach (var row in table.Rows(stop))
            {
                file.Write(row.Span);
                file.WriteByte((byte)'\n');
                if (most > 0 && file.Position > most)
                    throw new BadInputException($"unpacked, the file is larger than {Figures.Bytes(most)}; split it");
                if (++rows % RowsPerReport == 0)
                    tell(rows, 0);
            }
            return rows;
        }));
        return rows;
    }
}
