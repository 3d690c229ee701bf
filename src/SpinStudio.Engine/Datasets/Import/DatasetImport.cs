using System.Security.Cryptography;
using System.Text.Json;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Datasets.Import;

/// <summary>
/// From an uploaded file (JSON Lines, a JSON array, CSV or TSV, in one of several layouts) to a canonical dataset: JSON Lines of <see cref="Example"/>. Rows are streamed,
/// so memory does not grow with the file apart from 8 bytes a row; limits are those of <see cref="DatasetLimits"/>.
/// </summary>
public static class DatasetImport
{
    /// <summary>Bad rows that are reported one by one.</summary>
    public const int ReportedErrors = 100;

    /// <summary>Rows from which layout and columns are told.</summary>
    private const int SampledRows = 50;

    private const int RowsPerReport = 1000;

    /// <summary>Reads the whole file without writing anything.</summary>
    /// <param name="path">The uploaded file.</param>
    /// <param name="fileName">Its name as uploaded: used in messages, and to tell CSV from TSV. Never opened.</param>
    /// <param name="mapping">Columns chosen by hand; null: recognise the layout.</param>
    /// <param name="previewRows">Valid rows to show.</param>
    /// <param name="mostRows">Rows after which it ends, for a first look; the report says when it did.</param>
    /// <exception cref="BadInputException">The file is empty or of a kind that is not read, or the mapping names a column that is not there.</exception>
    public static ImportReport Check(
        string path, string fileName, ColumnMapping? mapping = null, int previewRows = 20, int mostRows = int.MaxValue, IProgress<ImportProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Scan(path, fileName, mapping, previewRows, mostRows, progress, write: null, cancellation);

    /// <summary>
    /// Writes the canonical file. All or nothing: unless <paramref name="skipBadRows"/>, a single bad row means that nothing is written and the report says why.
    /// </summary>
    /// <param name="target">Appears whole, on disk, or not at all.</param>
    /// <inheritdoc cref="Check"/>
    public static ImportReport Import(
        string path, string fileName, string target, ColumnMapping? mapping = null, bool skipBadRows = false, int previewRows = 20,
        IProgress<ImportProgress>? progress = null, CancellationToken cancellation = default)
    {
        var partial = target + ".partial";
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            ImportReport report;
            using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write))
            {
                report = Scan(path, fileName, mapping, previewRows, int.MaxValue, progress, Write, cancellation);
                report = report with { Bytes = file.Length };
                file.Flush(flushToDisk: true);

                void Write(Example example)
                {
                    byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(example, RunJson.Line), (byte)'\n'];
                    hash.AppendData(line);
                    file.Write(line);
                }
            }
            if (report.Rows == 0 || (report.ErrorCount > 0 && !skipBadRows))
                return report with { Bytes = 0 };
            File.Move(partial, target, overwrite: true);
            return report with { Imported = true, Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset()) };
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static ImportReport Scan(
        string path, string fileName, ColumnMapping? mapping, int previewRows, int mostRows, IProgress<ImportProgress>? progress, Action<Example>? write,
        CancellationToken cancellation)
    {
        var kind = SourceKinds.Of(path, fileName);
        var sample = Sample(path, kind);
        var format = mapping is null ? DatasetFormat.Detect(sample) : DatasetFormat.Mapped(mapping);
        var columns = DatasetFormat.ColumnsOf(sample);
        if (mapping is not null)
            CheckMapping(mapping, columns);
        var rows = 0;
        var promptIds = new HashSet<ulong>();
        var errors = new List<RowError>();
        var preview = new List<PreviewRow>();
        var (errorCount, moreTurns, passed) = (0, 0, 0);
        var partly = false;

        using var stream = File.OpenRead(path);
        foreach (var row in Rows(stream, kind))
        {
            cancellation.ThrowIfCancellationRequested();
            if (partly = passed++ == mostRows)
                break;
            if (row.Number % RowsPerReport == 0)
                progress?.Report(new ImportProgress(row.Number, (double)stream.Position / stream.Length));
            // Without a layout only the sample's own problems can be told.
            if (format is null && row.Problem is null)
                continue;
            if (Problem(row, out var read) is { } problem)
            {
                if (++errorCount <= ReportedErrors)
                    errors.Add(new RowError(row.Number, problem));
                continue;
            }
            foreach (var (example, hasMoreTurns) in read!)
            {
                rows++;
                promptIds.Add(Convert.ToUInt64(example.PromptId, 16));
                moreTurns += hasMoreTurns ? 1 : 0;
                write?.Invoke(example);
                if (preview.Count < previewRows)
                    preview.Add(new PreviewRow(row.Number, example));
            }
        }
        progress?.Report(new ImportProgress(Math.Min(passed, mostRows), 1));
        return new ImportReport
        {
            Kind = kind,
            Format = format,
            Columns = columns,
            Preview = preview,
            Errors = errors,
            ErrorCount = errorCount,
            Sample = DatasetFormat.SampleOf(sample, columns, previewRows),
            Rows = rows,
            Partly = partly,
            Warnings = [.. Warnings(rows - promptIds.Count, moreTurns, columns, format)],
        };

        string? Problem(SourceRow row, out IReadOnlyList<ImportedRow>? read)
        {
            read = null;
            if (row.Problem is not null)
                return row.Problem;
            try
            {
                read = format!.Read(row);
                return null;
            }
            catch (BadRowException e)
            {
                return e.Message;
            }
        }
    }

    /// <summary>The rows; what ends a file too early becomes a last bad row.</summary>
    private static IEnumerable<SourceRow> Rows(Stream stream, SourceKind kind)
    {
        using var rows = SourceReader.Read(stream, kind).GetEnumerator();
        var last = 0;
        while (true)
        {
            SourceRow? bad = null;
            try
            {
                if (!rows.MoveNext())
                    yield break;
                last = rows.Current.Number;
            }
            catch (BadInputException e)
            {
                bad = SourceRow.Bad(last + 1, e.Message);
            }
            yield return bad ?? rows.Current;
            if (bad is not null)
                yield break;
        }
    }

    private static List<SourceRow> Sample(string path, SourceKind kind)
    {
        using var stream = File.OpenRead(path);
        return [.. Rows(stream, kind).Take(SampledRows)];
    }

    private static void CheckMapping(ColumnMapping mapping, IReadOnlyList<DatasetColumn> columns)
    {
        if (mapping.Problem is { } problem)
            throw new BadInputException(problem);
        foreach (var name in mapping.Used)
        {
            if (!columns.Any(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                throw new BadInputException($"there is no column '{name}'; the file has {string.Join(", ", columns.Take(20).Select(column => $"'{column.Name}'"))}");
        }
    }

    private static IEnumerable<string> Warnings(int duplicatePrompts, int moreTurns, IReadOnlyList<DatasetColumn> columns, DatasetFormat? format)
    {
        if (duplicatePrompts > 0)
            yield return $"{duplicatePrompts} rows repeat the prompt of an earlier row";
        if (moreTurns > 0)
            yield return $"{moreTurns} conversations go on after the first answer; that part is left out";
        if (format?.Mapping is { } mapping)
        {
            var used = mapping.Used.Concat(["check", "rejected"]).ToList();
            var unused = columns.Where(column => !used.Contains(column.Name, StringComparer.OrdinalIgnoreCase)).Select(column => column.Name).ToList();
            if (unused.Count > 0)
                yield return $"columns not used: {string.Join(", ", unused.Take(10))}{(unused.Count > 10 ? ", …" : "")}";
        }
    }
}
