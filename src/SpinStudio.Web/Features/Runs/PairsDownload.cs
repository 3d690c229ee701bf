using SpinStudio.Web.Engine;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Features.Runs;

/// <summary>Pairs in the layout that other SPIN tools read, made when they are asked for.</summary>
internal sealed class PairsDownload(EngineCommand engine)
{
    /// <param name="pairs">A <c>pairs.jsonl</c>; null or missing: there are none.</param>
    public async Task<IResult> AsParquetAsync(string? pairs, string name, CancellationToken cancellation)
    {
        if (pairs is null || !File.Exists(pairs))
        {
            throw StudioException.NotFound("pairs of this iteration");
        }

        var folder = Directory.CreateTempSubdirectory("spinstudio-");
        try
        {
            var file = Path.Combine(folder.FullName, "pairs.parquet");
            await engine.RunAsync(["convert", pairs, "--out", file], cancellation);
            // Open, it can be read; its name is not needed any more.
            return Results.Stream(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Delete), "application/vnd.apache.parquet", name);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
