using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Servers;

namespace SpinStudio.Web.Features.Judging;

/// <summary>
/// Asks the judges, some judgings at a time. Its list is the database: what was under way when the studio stopped goes on when it starts, and no request that has
/// its verdict is sent again.
/// </summary>
public sealed class JudgingWorker(IDbContextFactory<StudioDb> databases, ServerClient client, TimeProvider time, ILogger<JudgingWorker> logger) : BackgroundService
{
    private const int Consumers = 2, MostTries = 6;

    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(500), LongestWait = TimeSpan.FromSeconds(30);

    private readonly Channel<Guid> queue = Channel.CreateUnbounded<Guid>();
    private readonly ConcurrentDictionary<Guid, Work> works = new();

    internal void Enqueue(Guid id) => queue.Writer.TryWrite(id);

    internal bool IsWorkingOn(Guid id) => works.ContainsKey(id);

    internal async Task CancelAsync(Guid id)
    {
        if (works.TryGetValue(id, out var work))
        {
            await work.Stop.CancelAsync();
        }
    }

    /// <summary>By the pace since it was begun or taken up again; null before the first answer.</summary>
    internal double? SecondsLeft(Guid id, int remaining) =>
        works.TryGetValue(id, out var work) && work.Asked is var asked and > 0 ? time.GetElapsedTime(work.Since).TotalSeconds / asked * remaining : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using (var db = await databases.CreateDbContextAsync(stoppingToken))
        {
            foreach (var id in await db.Judgings.Where(judging => judging.State == JudgingState.Waiting || judging.State == JudgingState.Running).OrderBy(judging => judging.CreatedAt).Select(judging => judging.Id).ToListAsync(stoppingToken))
            {
                Enqueue(id);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Consumers).Select(_ => ConsumeAsync(stoppingToken)));
    }

    private async Task ConsumeAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var id in queue.Reader.ReadAllAsync(stopping))
            {
                await WorkSafelyAsync(id, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            logger.LogDebug("Judges rest until the studio starts again");
        }
    }

    /// <summary>Nothing that goes wrong around one judging may end the others.</summary>
    private async Task WorkSafelyAsync(Guid id, CancellationToken stopping)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var work = new Work(stop, time.GetTimestamp());
        if (!works.TryAdd(id, work))
        {
            return;
        }

        try
        {
            await WorkAsync(id, work);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Cancelled by a person, whose wish is in the row; or the studio stops, and goes on with it when it starts.
        }
        catch (ServerTrouble trouble)
        {
            await EndAsync(id, JudgingState.Failed, trouble.Message);
        }
#pragma warning disable CA1031 // A fault of ours in one judging must neither end the others nor leave a row that says it runs.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            logger.LogError(fault, "Judging {Judging} failed", id);
            await EndAsync(id, JudgingState.Failed, $"An error of the studio ({fault.GetType().Name}); its log says more. Resume it.");
        }
        finally
        {
            works.TryRemove(id, out _);
        }
    }

    private async Task WorkAsync(Guid id, Work work)
    {
        var cancellation = work.Stop.Token;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var begun = await db.Judgings.Where(row => row.Id == id && (row.State == JudgingState.Waiting || row.State == JudgingState.Running))
            .ExecuteUpdateAsync(row => row.SetProperty(x => x.State, JudgingState.Running), cancellation);
        if (begun == 0)
        {
            return;
        }

        var judging = await db.Judgings.AsNoTracking().FirstAsync(row => row.Id == id, cancellation);
        var server = await db.TeamServers.AsNoTracking().FirstOrDefaultAsync(row => row.Id == judging.ServerId && row.TeamId == judging.TeamId, cancellation)
            ?? throw new ServerTrouble(TroubleKind.Server, $"The server {judging.ServerName} was removed; start a new judging with another one.");
        if (server.Model != judging.ServerModel)
        {
            throw new ServerTrouble(TroubleKind.Server, $"{server.Name} asks {server.Model} now, and this judging began with {judging.ServerModel}; two judges do not mix. Change the server back, or start a new judging.");
        }

        var open = await db.Verdicts.Where(row => row.JudgingId == id && row.Outcome == null).OrderBy(row => row.Id).Select(row => row.Id).ToListAsync(cancellation);
        var options = new ParallelOptions { MaxDegreeOfParallelism = judging.Parallel, CancellationToken = cancellation };
        await Parallel.ForEachAsync(open, options, async (request, stop) =>
        {
            await JudgeAsync(request, server, judging.MaxTokens, stop);
            work.Count();
        });
        await EndAsync(id, JudgingState.Done, null);
    }

    private async Task JudgeAsync(long request, TeamServer server, int maxTokens, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var verdict = await db.Verdicts.FirstAsync(row => row.Id == request, cancellation);
        try
        {
            var answer = await AskAsync(server, verdict.Asked, maxTokens, cancellation);
            (verdict.Answer, verdict.Outcome) = (answer.Text, JudgePrompt.Read(answer.Text, verdict.Swapped));
            (verdict.AskedTokens, verdict.AnswerTokens, verdict.Seconds) = (answer.AskedTokens, answer.AnswerTokens, answer.Seconds);
        }
        catch (ServerTrouble refused) when (refused.Kind == TroubleKind.Request)
        {
            (verdict.Outcome, verdict.Error) = (VerdictOutcome.Refused, refused.Message);
        }

        verdict.At = time.GetUtcNow();
        await db.SaveChangesAsync(CancellationToken.None);
    }

    private async Task<ServerAnswer> AskAsync(TeamServer server, string question, int maxTokens, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan wait;
            try
            {
                return await client.AskAsync(server, question, maxTokens, cancellation);
            }
            catch (ServerTrouble trouble) when (trouble.Kind == TroubleKind.MayPass)
            {
                if (attempt == MostTries)
                {
                    throw new ServerTrouble(TroubleKind.Server, $"{trouble.Message} (asked {MostTries} times). Resume it when the server answers again.");
                }

                var longer = FirstWait * (1 << (attempt - 1));
                wait = trouble.Wait ?? (longer < LongestWait ? longer : LongestWait);
            }

            await Task.Delay(wait, time, cancellation);
        }
    }

    private async Task EndAsync(Guid id, JudgingState state, string? error)
    {
        await using var db = await databases.CreateDbContextAsync();
        var now = time.GetUtcNow();
        await db.Judgings.Where(row => row.Id == id && row.State == JudgingState.Running)
            .ExecuteUpdateAsync(row => row.SetProperty(x => x.State, state).SetProperty(x => x.Error, error).SetProperty(x => x.EndedAt, now));
    }

    private sealed class Work(CancellationTokenSource stop, long since)
    {
        private int asked;

        public CancellationTokenSource Stop { get; } = stop;

        public long Since { get; } = since;

        public int Asked => asked;

        public void Count() => Interlocked.Increment(ref asked);
    }
}
