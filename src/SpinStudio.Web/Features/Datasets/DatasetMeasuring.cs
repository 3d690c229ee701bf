using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>Computes statistics of dataset versions in the background, one after the other, and keeps them in the database.</summary>
public sealed class DatasetMeasuring(IDbContextFactory<StudioDb> databases, StudioPaths paths, TimeProvider time, ILogger<DatasetMeasuring> logger) : BackgroundService
{
    private static readonly string[] TokenizerFiles = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250);

    private readonly Channel<Measurement> asked = Channel.CreateUnbounded<Measurement>();
    private readonly ConcurrentDictionary<(Guid Version, string Tokenizer), State> states = new();

    /// <summary>A version's statistics came nearer, or are there. Called on any thread.</summary>
    public event Action<Guid>? Changed;

    /// <summary>How far something asked for is.</summary>
    /// <param name="Progress">0 to 1.</param>
    /// <param name="Problem">Why it failed; null while it has not.</param>
    internal sealed record State(double Progress, string? Problem = null);

    private sealed record Measurement(Guid VersionId, string Tokenizer, string? ModelFolder);

    /// <summary>Has statistics computed unless they are being already.</summary>
    /// <param name="tokenizer">Empty for what the text alone tells; otherwise the key of the model's tokenizer.</param>
    internal void Ask(Guid versionId, string tokenizer = "", string? modelFolder = null)
    {
        if (states.TryAdd((versionId, tokenizer), new State(0)))
            asked.Writer.TryWrite(new Measurement(versionId, tokenizer, modelFolder));
    }

    /// <summary>Null when nothing is under way and nothing failed.</summary>
    internal State? StateOf(Guid versionId, string tokenizer) => states.GetValueOrDefault((versionId, tokenizer));

    /// <summary>Forgets a failure, so that it can be tried again.</summary>
    internal void Forget(Guid versionId, string tokenizer)
    {
        if (StateOf(versionId, tokenizer)?.Problem is not null)
            states.TryRemove((versionId, tokenizer), out _);
    }

    /// <summary>The hash of what turns a conversation into tokens: the same for every iteration of a run.</summary>
    internal static string KeyOf(string modelFolder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in TokenizerFiles.Select(name => Path.Combine(modelFolder, name)).Where(File.Exists))
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await AskForMissingAsync(stoppingToken);
        await foreach (var measurement in asked.Reader.ReadAllAsync(stoppingToken))
            await MeasureAsync(measurement, stoppingToken);
    }

    /// <summary>What an earlier process did not come to.</summary>
    private async Task AskForMissingAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        foreach (var version in await db.DatasetVersions.Where(version => !db.DatasetReports.Any(report => report.VersionId == version.Id && report.Tokenizer == "")).Select(version => version.Id).ToListAsync(cancellation))
            Ask(version);
    }

    private async Task MeasureAsync(Measurement measurement, CancellationToken cancellation)
    {
        var key = (measurement.VersionId, measurement.Tokenizer);
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            var version = await db.DatasetVersions.FirstOrDefaultAsync(version => version.Id == measurement.VersionId, cancellation);
            if (version is not null && !await db.DatasetReports.AnyAsync(report => report.VersionId == version.Id && report.Tokenizer == measurement.Tokenizer, cancellation))
            {
                // A long read on a thread of its own: requests need the pool's.
                var json = await Task.Factory.StartNew(() => Compute(version, measurement, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                db.DatasetReports.Add(new DatasetReport { VersionId = version.Id, Tokenizer = measurement.Tokenizer, Statistics = json, ComputedAt = time.GetUtcNow() });
                await db.SaveChangesAsync(cancellation);
            }

            states.TryRemove(key, out _);
        }
        catch (DbUpdateException)
        {
            // The version was deleted meanwhile, or another process was quicker.
            states.TryRemove(key, out _);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Whatever is wrong with one version must not end the others' turn, nor the studio.
            logger.LogWarning(failure, "Statistics of dataset version {Version} cannot be computed", measurement.VersionId);
            states[key] = new State(0, $"Statistics cannot be computed: {(failure is BadInputException ? failure.Message : "the rows of this version cannot be read")}");
        }

        Changed?.Invoke(measurement.VersionId);
    }

    private string Compute(DatasetVersion version, Measurement measurement, CancellationToken cancellation)
    {
        var file = paths.InData(version.File);
        RowIndex.Ensure(file, cancellation);
        var all = version.Rows + (measurement.ModelFolder is null ? version.HeldOutRows : 0);
        var progress = new Told(rows => Tell(measurement, (double)rows / Math.Max(1, all)), time);
        if (measurement.ModelFolder is { } folder)
            return JsonSerializer.Serialize(TokenStatistics.Of(DatasetReader.Read(file), version.Rows, ConversationEncoder.Load(folder), progress: progress, cancellation: cancellation), RunJson.Line);
        var heldOut = version.HeldOutFile is { } other ? DatasetReader.Read(paths.InData(other)) : null;
        return JsonSerializer.Serialize(DatasetStatistics.Of(DatasetReader.Read(file), heldOut, progress, cancellation), RunJson.Line);
    }

    private void Tell(Measurement measurement, double share)
    {
        states[(measurement.VersionId, measurement.Tokenizer)] = new State(Math.Min(1, share));
        Changed?.Invoke(measurement.VersionId);
    }

    /// <summary>Passes on progress four times a second.</summary>
    private sealed class Told(Action<int> tell, TimeProvider time) : IProgress<int>
    {
        private long last;

        public void Report(int value)
        {
            if (last != 0 && time.GetElapsedTime(last) < Between)
                return;
            last = time.GetTimestamp();
            tell(value);
        }
    }
}
