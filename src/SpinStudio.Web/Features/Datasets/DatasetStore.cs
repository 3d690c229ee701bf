using System.Security.Cryptography;
using System.Text.Json;
using SpinStudio.Data;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>Dataset files in the data directory: canonical JSON Lines, named by their hash, so that the same content lies there once and cannot be changed unseen.</summary>
public sealed class DatasetStore(StudioPaths paths)
{
    /// <summary>Writes examples and gives the version that they make, not yet in the database.</summary>
    internal async Task<DatasetVersion> AddAsync(IEnumerable<Example> examples, int number, string source, DateTimeOffset now, CancellationToken cancellation)
    {
        var partial = Incoming();
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

            var (sha256, bytes) = (await HashAsync(partial, cancellation), new FileInfo(partial).Length);
            return new DatasetVersion { Number = number, Sha256 = sha256, Rows = rows, Bytes = bytes, File = Keep(partial, sha256), Source = source, CreatedAt = now };
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>The bundled dataset with its held-out split; both are canonical already.</summary>
    internal async Task<DatasetVersion> AddBundledAsync(string train, string heldOut, DateTimeOffset now, CancellationToken cancellation)
    {
        var version = await AddAsync(DatasetReader.Read(train), 1, "bundled", now, cancellation);
        var heldOutVersion = await AddAsync(DatasetReader.Read(heldOut), 1, "bundled", now, cancellation);
        (version.HeldOutFile, version.HeldOutRows) = (heldOutVersion.File, heldOutVersion.Rows);
        return version;
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
