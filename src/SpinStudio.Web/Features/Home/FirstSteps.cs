using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Settings;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Home;

/// <summary>What a newcomer has done so far.</summary>
/// <param name="Dataset">The team has a dataset of its own.</param>
/// <param name="Run">This person has started a run.</param>
/// <param name="Read">This person has read answers.</param>
/// <param name="Invited">The team has more than one member.</param>
public sealed record FirstStepsDone(bool Dataset, bool Run, bool Read, bool Invited)
{
    public int Count => new[] { Dataset, Run, Read, Invited }.Count(done => done);

    public bool All => Count == 4;
}

/// <summary>The first-steps card: gone when all is done, or when somebody sent it away.</summary>
public sealed class FirstSteps(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, UserSettings settings)
{
    private const string Key = "home:first-steps";

    /// <summary>Null when the card is not wanted any more.</summary>
    public async Task<FirstStepsDone?> GetAsync(CancellationToken cancellation = default)
    {
        var kept = await settings.GetAsync<Kept>(Key, cancellation) ?? new Kept();
        if (kept.Dismissed)
        {
            return null;
        }

        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var done = new FirstStepsDone(
            await db.Datasets.AnyAsync(dataset => dataset.TeamId == me.TeamId && !dataset.Bundled, cancellation),
            await db.Runs.AnyAsync(run => run.TeamId == me.TeamId && run.CreatedById == me.Id, cancellation),
            kept.Read,
            await db.TeamMembers.CountAsync(member => member.TeamId == me.TeamId, cancellation) > 1);
        return done.All ? null : done;
    }

    /// <summary>This person reads answers.</summary>
    public async Task ReadAsync(CancellationToken cancellation = default)
    {
        var kept = await settings.GetAsync<Kept>(Key, cancellation) ?? new Kept();
        if (!kept.Read)
        {
            await settings.SetAsync(Key, kept with { Read = true }, cancellation);
        }
    }

    public async Task DismissAsync(CancellationToken cancellation = default) =>
        await settings.SetAsync(Key, (await settings.GetAsync<Kept>(Key, cancellation) ?? new Kept()) with { Dismissed = true }, cancellation);

    private sealed record Kept(bool Read = false, bool Dismissed = false);
}
