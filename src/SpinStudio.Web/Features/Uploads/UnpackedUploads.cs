using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Engine.Tables;
using SpinStudio.Web.Engine;

namespace SpinStudio.Web.Features.Uploads;

/// <summary>Uploads as text. Parquet and packed files become JSON Lines beside the upload, once, by an engine process of their own; text is taken as it is.</summary>
public sealed class UnpackedUploads(EngineCommand engine, IOptions<StudioOptions> options)
{
    /// <summary>Packed text grows several times over; what grows more is a trick or a mistake.</summary>
    private const int MostGrowth = 8;

    private const string Ending = ".jsonl";

    private readonly ConcurrentDictionary<string, Lazy<Task>> converting = new();

    /// <summary>The file to read.</summary>
    /// <param name="file">Of a completed upload.</param>
    /// <exception cref="Errors.StudioException">It is damaged, or unpacks to more than is allowed.</exception>
    internal async Task<string> AsTextAsync(Upload upload, string file, CancellationToken cancellation)
    {
        if (!TableFile.Is(file))
        {
            return file;
        }

        if (!File.Exists(file + Ending))
        {
            // Two pages that look at the same upload wait for one conversion; leaving one of them does not end it.
            var work = converting.GetOrAdd(file, path => new Lazy<Task>(() => ConvertAsync(upload.FileName, path)));
            try
            {
                await work.Value.WaitAsync(cancellation);
            }
            finally
            {
                if (work.Value.IsCompleted)
                {
                    converting.TryRemove(KeyValuePair.Create(file, work));
                }
            }
        }

        return file + Ending;
    }

    /// <summary>Removes what was made beside an upload.</summary>
    internal static void Remove(string file) => File.Delete(file + Ending);

    private async Task ConvertAsync(string name, string file)
    {
        var most = (options.Value.UploadLimitBytes * MostGrowth).ToString(CultureInfo.InvariantCulture);
        await engine.RunAsync(["convert", file, "--name", name, "--out", file + Ending, "--most-bytes", most], CancellationToken.None);
    }
}
