using System.Security.Cryptography;
using System.Text.Json;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>Dataset files in the data directory: canonical JSON Lines, named by their hash, so that the same content lies there once and cannot be changed unseen.</summary>
public sealed class DatasetStore(StudioPaths paths)
{
    /// <summary>Writes examples and gives the version that they make, not yet in the database.</summary>
    internal async Task<DatasetVersion> AddAsync(IEnumerable<Example> examples, int number, string source, DateTimeOffset now, CancellationToken cancellation)
    {
        var (file, sha256, rows, bytes) = await WriteAsync(examples, cancellation);
        return new DatasetVersion { Number = number, Sha256 = sha256, Rows = rows, Bytes = bytes, File = Keep(file, sha256), Source = source, CreatedAt = now };
    }

    /// <summary>As the other, with held-out examples. Both are written before either is kept.</summary>
    /// <exception cref="BadInputException">One of them has no example.</exception>
    internal async Task<DatasetVersion> AddAsync(IEnumerable<Example> examples, IEnumerable<Example>? heldOut, string source, DateTimeOffset now, CancellationToken cancellation)
    {
        var train = await WriteAsync(examples, cancellation);
        var other = default(Written);
        try
        {
            other = heldOut is null ? default : await WriteAsync(heldOut, cancellation);
            if (train.Rows == 0 || (heldOut is not null && other.Rows == 0))
                throw new BadInputException("there is no row to write");
            return new DatasetVersion
            {
                Sha256 = train.Sha256,
                Rows = train.Rows,
                Bytes = train.Bytes,
                File = Keep(train.File, train.Sha256),
                HeldOutFile = heldOut is null ? null : Keep(other.File, other.Sha256),
                HeldOutRows = other.Rows,
                Source = source,
                CreatedAt = now,
            };
        }
        finally
        {
            File.Delete(train.File);
            if (other.File is not null)
                File.Delete(other.File);
        }
    }

    /// <summary>A complete file that has not got its name yet.</summary>
    private readonly record struct Written(string File, string Sha256, int Rows, long Bytes);

    private async Task<Written> WriteAsync(IEnumerable<Example> examples, CancellationToken cancellation)
    {
        var partial = Incoming();
        var whole = false;
        try
        {
            var rows = 0;
            await using (var file = new FileStream(partial, FileMode.CreateNew, FileAccess.Write))
            {
                foreach (var example in examples)
                {
                    await JsonSerializer.SerializeAsync(file, example, RunJson.Line, cancellation);
                    file.WriteByte((byte)'\n');
                    rows++;
                }

                file.Flush(flushToDisk: true);
            }

            var written = new Written(partial, await HashAsync(partial, cancellation), rows, new FileInfo(partial).Length);
            whole = true;
            return written;
        }
        finally
        {
            if (!whole)
                File.Delete(partial);
        }
    }

    /// <summary>The bundled dataset with its held-out split, not yet in the database.</summary>
    /// <exception cref="BadInputException">Its files are not there.</exception>
    internal async Task<Dataset> AddBundledAsync(Guid teamId, DateTimeOffset now, CancellationToken cancellation)
    {
        var folder = Path.Combine(paths.Samples, "dataset");
        var dataset = new Dataset
        {
            TeamId = teamId,
            Name = "Sample tasks",
            Description = "Short English tasks whose answers can be checked exactly, with a held-out split. Made by SpinStudio's own generator.",
            Bundled = true,
            CreatedAt = now,
        };
        var version = await AddAsync(DatasetReader.Read(Path.Combine(folder, "train.jsonl")), DatasetReader.Read(Path.Combine(folder, "held-out.jsonl")), "bundled", now, cancellation);
        version.Number = 1;
        dataset.Versions.Add(version);
        return dataset;
    }

    /// <summary>SHA-256 in lower-case hex.</summary>
    internal static async Task<string> HashAsync(string file, CancellationToken cancellation)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
    }

    /// <summary>A path for content whose hash is not known yet, on the same disk.</summary>
    internal string Incoming() => Path.Combine(paths.Datasets, $"{Guid.NewGuid():N}.incoming");

    /// <summary>Moves a complete file to its name, relative to the data directory; the same content may be there already.</summary>
    internal string Keep(string partial, string sha256)
    {
        var path = Path.Combine(paths.Datasets, sha256 + ".jsonl");
        File.Move(partial, path, overwrite: true);
        return Path.GetRelativePath(paths.Data, path);
    }
}
