using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Judging;

/// <summary>Judgings of the current user's team: start, watch, cancel, go on, remove.</summary>
public sealed class JudgingService(
    IDbContextFactory<StudioDb> databases, CurrentUser currentUser, AnswerService answers, JudgingPlanning planning, JudgingWorker worker, AuditLog audit, TimeProvider time)
{
    private const int LongestName = 200, LongestList = 200;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<JudgingInfo>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await InfosAsync(db, db.Judgings.Where(judging => judging.TeamId == me.TeamId).OrderByDescending(judging => judging.CreatedAt).Take(LongestList), cancellation);
    }

    public async Task<JudgingInfo> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await InfosAsync(db, db.Judgings.Where(judging => judging.Id == id && judging.TeamId == me.TeamId), cancellation)).SingleOrDefault() ?? throw StudioException.NotFound("judging");
    }

    /// <summary>What a judging would cost; nothing is sent.</summary>
    public async Task<JudgingPlan> PlanAsync(NewJudging wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        return (await planning.PlanAsync(Guid.NewGuid(), wanted, cancellation)).Plan;
    }

    public async Task<JudgingInfo> StartAsync(NewJudging wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var server = await db.TeamServers.AsNoTracking().FirstOrDefaultAsync(server => server.Id == wanted.ServerId && server.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("model server");
        var names = await answers.NamesAsync(wanted.Sources ?? [], cancellation);
        var id = Guid.CreateVersion7();
        var (plan, requests) = await planning.PlanAsync(id, wanted, cancellation);
        var judging = new Data.Judging
        {
            Id = id,
            TeamId = me.TeamId,
            Name = NameOf(wanted, names),
            State = JudgingState.Waiting,
            ServerId = server.Id,
            ServerName = server.Name,
            ServerModel = server.Model,
            Template = wanted.Template ?? JudgePrompt.Default,
            Contestants = JsonSerializer.Serialize(names.Select(name => new Contestant(name.Source, name.Name))),
            Split = wanted.Split,
            Seed = wanted.Seed,
            Prompts = plan.Prompts,
            Requests = plan.Requests,
            Identical = plan.Identical,
            MaxTokens = wanted.MaxTokens,
            Parallel = wanted.Parallel,
            CreatedBy = me.Name,
            CreatedAt = time.GetUtcNow(),
        };
        db.Judgings.Add(judging);
        db.Verdicts.AddRange(requests);
        audit.Add(db, me, "judging.start", id, judging.Name);
        await db.SaveChangesAsync(cancellation);
        worker.Enqueue(id);
        return await GetAsync(id, cancellation);
    }

    /// <summary>Ends it; what is known stays.</summary>
    public async Task<JudgingInfo> CancelAsync(Guid id, CancellationToken cancellation = default)
    {
        var judging = await OpenAsync(id, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        var ended = await db.Judgings.Where(row => row.Id == id && (row.State == JudgingState.Waiting || row.State == JudgingState.Running))
            .ExecuteUpdateAsync(row => row.SetProperty(x => x.State, JudgingState.Cancelled).SetProperty(x => x.EndedAt, now), cancellation);
        if (ended == 0 && judging.State != JudgingState.Cancelled)
        {
            throw new StudioException(Refusal.Conflict, $"{judging.Name} is {judging.State}; only one that waits or runs can be cancelled.");
        }

        await worker.CancelAsync(id);
        return await GetAsync(id, cancellation);
    }

    /// <summary>Goes on with one that failed or was cancelled; only what is not known is asked.</summary>
    public async Task<JudgingInfo> ResumeAsync(Guid id, CancellationToken cancellation = default)
    {
        var judging = await OpenAsync(id, cancellation);
        if (worker.IsWorkingOn(id))
        {
            throw new StudioException(Refusal.Conflict, $"{judging.Name} is being asked about, or just being ended; try again in a moment.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var resumed = await db.Judgings.Where(row => row.Id == id && (row.State == JudgingState.Failed || row.State == JudgingState.Cancelled))
            .ExecuteUpdateAsync(row => row.SetProperty(x => x.State, JudgingState.Waiting).SetProperty(x => x.Error, (string?)null).SetProperty(x => x.EndedAt, (DateTimeOffset?)null), cancellation);
        if (resumed == 0)
        {
            throw new StudioException(Refusal.Conflict, $"{judging.Name} is {judging.State}; only one that failed or was cancelled can go on.");
        }

        worker.Enqueue(id);
        return await GetAsync(id, cancellation);
    }

    /// <summary>Deletes an ended one with its verdicts.</summary>
    public async Task RemoveAsync(Guid id, CancellationToken cancellation = default)
    {
        var judging = await OpenAsync(id, cancellation);
        if (judging.Active || worker.IsWorkingOn(id))
        {
            throw new StudioException(Refusal.Conflict, $"{judging.Name} is under way; cancel it first.");
        }

        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        db.Judgings.Remove(await db.Judgings.FirstAsync(row => row.Id == id && row.TeamId == me.TeamId, cancellation));
        audit.Add(db, me, "judging.remove", id, judging.Name);
        await db.SaveChangesAsync(cancellation);
    }

    private async Task<JudgingInfo> OpenAsync(Guid id, CancellationToken cancellation)
    {
        await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        return await GetAsync(id, cancellation);
    }

    private async Task<IReadOnlyList<JudgingInfo>> InfosAsync(StudioDb db, IQueryable<Data.Judging> judgings, CancellationToken cancellation)
    {
        var rows = await judgings.AsNoTracking().Select(row => new { Row = row, Asked = db.Verdicts.Count(verdict => verdict.JudgingId == row.Id && verdict.Outcome != null) }).ToListAsync(cancellation);
        return [.. rows.Select(found => Info(found.Row, found.Asked))];
    }

    private JudgingInfo Info(Data.Judging row, int asked) => new(
        row.Id, row.Name, row.State, row.Error, row.ServerId, row.ServerName, row.ServerModel, ContestantsOf(row), row.Split, row.Seed, row.Prompts, row.Requests, asked, row.Identical, row.MaxTokens,
        row.Parallel, row.State == JudgingState.Running ? worker.SecondsLeft(row.Id, row.Requests - asked) : null, row.Template, row.CreatedBy, row.CreatedAt, row.EndedAt);

    internal static IReadOnlyList<Contestant> ContestantsOf(Data.Judging row) => JsonSerializer.Deserialize<List<Contestant>>(row.Contestants)!;

    private static string NameOf(NewJudging wanted, IReadOnlyList<SourceInfo> names)
    {
        var asked = wanted.Name?.Trim();
        if (!string.IsNullOrEmpty(asked))
        {
            return asked.Length <= LongestName && !asked.Any(char.IsControl) ? asked : throw new StudioException(Refusal.Invalid, $"A name has at most {LongestName} characters in one line.");
        }

        var made = names.Count == 2 ? $"{names[0].Name} against {names[1].Name}" : $"{names[0].Name} and {names.Count - 1} others";
        return made.Length <= LongestName ? made : made[..LongestName];
    }
}
