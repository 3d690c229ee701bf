using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Live;

namespace SpinStudio.Web.Features.History;

/// <summary>Once after an update: gives runs that were taken in by an older studio the figures that lists show.</summary>
internal sealed class DigestBackfill(IDbContextFactory<StudioDb> databases, ILogger<DigestBackfill> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var runs = await db.Runs.Where(run => run.Steps == null && run.LastSeq > 0).Select(run => run.Id).ToListAsync(cancellationToken);
        foreach (var id in runs)
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await RunDigest.RebuildAsync(db, await db.Runs.FirstAsync(run => run.Id == id, cancellationToken), cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        if (runs.Count > 0)
        {
            logger.LogInformation("Worked out the summary figures of {Runs} runs", runs.Count);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
