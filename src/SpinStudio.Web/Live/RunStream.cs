using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Live;

/// <summary>
/// One listener's view of a run: first what it missed, read from the journal, then the live updates. Sequence numbers have no gaps, so a batch that does not
/// continue where the last one ended (the listener was too slow) is completed from the journal.
/// </summary>
public sealed class RunStream(RunFeed feed, IDbContextFactory<StudioDb> databases, StudioPaths paths)
{
    private const int ReplayBatch = 500;

    /// <summary>Updates of a run that the caller may see, until the run is deleted or the listener stops.</summary>
    internal async IAsyncEnumerable<RunUpdate> ReadAsync(Guid teamId, Guid runId, long lastSeq, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // Listening begins before the replay: what is committed meanwhile waits in the channel.
        using var listener = feed.Listen(teamId, runId);
        var sent = lastSeq;
        await foreach (var update in MissedAsync(runId, sent, cancellation))
        {
            sent = Math.Max(sent, update.Events[^1].Seq);
            yield return update;
        }

        await foreach (var (_, news) in listener.Channel.Reader.ReadAllAsync(cancellation))
        {
            if (news.Update is not { } update)
            {
                yield break;
            }

            var fresh = update.Events.Where(journalEvent => journalEvent.Seq > sent).ToList();
            if (fresh.Count > 0 && fresh[0].Seq > sent + 1)
            {
                await foreach (var missed in MissedAsync(runId, sent, cancellation))
                {
                    sent = Math.Max(sent, missed.Events[^1].Seq);
                    yield return missed;
                }

                fresh = [.. fresh.Where(journalEvent => journalEvent.Seq > sent)];
            }

            if (fresh.Count > 0)
            {
                sent = fresh[^1].Seq;
            }

            if (fresh.Count > 0 || update.Events.Count == 0)
            {
                yield return update with { Events = fresh };
            }
        }
    }

    /// <summary>Events that are in the database and were not sent, in batches.</summary>
    private async IAsyncEnumerable<RunUpdate> MissedAsync(Guid runId, long sent, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var folderName = await db.Runs.Where(run => run.Id == runId).Select(run => run.Folder).FirstOrDefaultAsync(cancellation);
        if (folderName is null || await RunView.SummaryAsync(db, runId, cancellation) is not { } summary)
        {
            yield break;
        }

        var journal = new RunFolder(paths.InData(folderName)).Journal;
        long offset = 0;
        while (sent < summary.LastSeq)
        {
            var lines = await JournalReader.ReadAsync(journal, offset, sent, ReplayBatch, cancellation);
            var events = lines.Select(line => line.Event).Where(journalEvent => journalEvent.Seq <= summary.LastSeq).ToList();
            if (events.Count == 0)
            {
                yield break;
            }

            (sent, offset) = (events[^1].Seq, lines[^1].End);
            yield return new RunUpdate(summary, events);
        }
    }
}
