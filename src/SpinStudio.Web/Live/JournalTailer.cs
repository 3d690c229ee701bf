using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Live;

/// <summary>
/// Brings a run's journal into the database and tells the subscribers. Events and the sequence number up to which they are stored are committed together,
/// so that each event counts once whatever is killed in between.
/// </summary>
public sealed class JournalTailer(IDbContextFactory<StudioDb> databases, RunFeed feed, StudioPaths paths)
{
    private const int BatchSize = 500;

    /// <summary>Takes in everything that the journal holds now. True when there was anything new.</summary>
    public async Task<bool> DrainAsync(Guid runId, CancellationToken cancellation = default)
    {
        var any = false;
        while (await StepAsync(runId, cancellation) is var count && count > 0)
        {
            any = true;
            if (count < BatchSize)
            {
                break;
            }
        }

        return any;
    }

    private async Task<int> StepAsync(Guid runId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var known = await db.Runs.Where(run => run.Id == runId).Select(run => new { run.Folder, run.JournalOffset, run.LastSeq }).FirstOrDefaultAsync(cancellation);
        if (known is null)
        {
            return 0;
        }

        var folder = new RunFolder(paths.InData(known.Folder));
        var lines = await JournalReader.ReadAsync(folder.Journal, known.JournalOffset, known.LastSeq, BatchSize, cancellation);
        if (lines.Count == 0)
        {
            return 0;
        }

        // The transaction begins as a writer, so that what is read inside is what will be changed.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var run = await db.Runs.FirstAsync(row => row.Id == runId, cancellation);
        var fresh = lines.Where(line => line.Event.Seq > run.LastSeq).ToList();
        if (fresh.Count == 0)
        {
            return 0;
        }

        var projection = new JournalProjection(db, run, folder, paths);
        foreach (var line in fresh)
        {
            await projection.ApplyAsync(line.Event, cancellation);
        }

        (run.LastSeq, run.JournalOffset) = (fresh[^1].Event.Seq, fresh[^1].End);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);

        if (await RunView.SummaryAsync(db, runId, cancellation) is { } summary)
        {
            feed.Publish(run.TeamId, new RunUpdate(summary, [.. fresh.Select(line => line.Event)]));
        }

        return lines.Count;
    }
}
