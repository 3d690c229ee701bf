using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Samples;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>The team's arenas: list, make, close, delete. Looking needs Viewer, changing Runner.</summary>
public sealed class ArenaService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, AnswerService answers, AuditLog audit, TimeProvider time)
{
    public const int FewestContestants = 2;
    public const int MostContestants = AnswerService.MostSources;
    public const int MostPrompts = 1000;
    public const int MostVotesPerPair = 1000;
    private const int LongestName = 200;
    private const int PageOfPrompts = 1000;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<ArenaSummary>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await SummariesAsync(db, me, db.Arenas.Where(arena => arena.TeamId == me.TeamId), cancellation);
    }

    public async Task<ArenaDetail> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var arena = await FindAsync(db, me, id, cancellation);
        var summary = (await SummariesAsync(db, me, db.Arenas.Where(row => row.Id == id), cancellation)).Single();
        return new ArenaDetail(summary, [.. arena.Contestants.OrderBy(contestant => contestant.Number).Select(Info)]);
    }

    /// <summary>Votes that are waiting for the current user, over all open arenas.</summary>
    public async Task<int> WaitingAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var open = db.Arenas.Where(arena => arena.TeamId == me.TeamId && arena.ClosedAt == null && arena.VotesPerPair != null);
        return (await SummariesAsync(db, me, open, cancellation)).Sum(arena => arena.Waiting);
    }

    /// <summary>Makes an arena with its own copy of prompts and answers.</summary>
    public async Task<ArenaDetail> CreateAsync(NewArena wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var name = Checked(wanted);
        var names = await answers.NamesAsync(wanted.Contestants, cancellation);
        var prompts = await DrawAsync(wanted, cancellation);
        var arena = new Arena { TeamId = me.TeamId, Name = name, Split = wanted.Split, VotesPerPair = wanted.VotesPerPair, CreatedBy = me.Name, CreatedAt = time.GetUtcNow() };
        arena.Contestants.AddRange(names.Select((info, number) => new ArenaContestant { Number = number, Source = info.Source.ToString(), Name = info.Name }));
        await using var db = await databases.CreateDbContextAsync(cancellation);
        db.Arenas.Add(arena);
        db.ArenaPrompts.AddRange(prompts.Select((prompt, number) => new ArenaPrompt { ArenaId = arena.Id, Number = number, PromptId = prompt.PromptId, System = prompt.System, Text = prompt.Prompt }));
        db.ArenaAnswers.AddRange(prompts.SelectMany((prompt, number) => Answers(arena.Id, number, prompt)));
        audit.Add(db, me, "arena.create", arena.Id, name);
        await db.SaveChangesAsync(cancellation);
        return await GetAsync(arena.Id, cancellation);
    }

    /// <summary>Takes no more votes, or takes them again.</summary>
    public async Task<ArenaDetail> SwitchAsync(Guid id, bool open, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var arena = await FindAsync(db, me, id, cancellation);
        if (arena.ClosedAt is null != open)
        {
            arena.ClosedAt = open ? null : time.GetUtcNow();
            audit.Add(db, me, open ? "arena.open" : "arena.close", id, arena.Name);
            await db.SaveChangesAsync(cancellation);
        }

        return await GetAsync(id, cancellation);
    }

    /// <summary>Deletes an arena with all votes on it.</summary>
    public async Task DeleteAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var arena = await FindAsync(db, me, id, cancellation);
        var votes = await db.ArenaBallots.CountAsync(ballot => ballot.ArenaId == id && ballot.Outcome != null && VoteTable.Cast.Contains(ballot.Outcome.Value), cancellation);
        db.Arenas.Remove(arena);
        audit.Add(db, me, "arena.delete", id, $"{arena.Name}, {votes} votes");
        await db.SaveChangesAsync(cancellation);
    }

    internal static ContestantInfo Info(ArenaContestant contestant) => new(contestant.Number, AnswerSource.Parse(contestant.Source, null), contestant.Name);

    /// <summary>An arena of the team with its contestants.</summary>
    internal static async Task<Arena> FindAsync(StudioDb db, UserInfo me, Guid id, CancellationToken cancellation) =>
        await db.Arenas.Include(arena => arena.Contestants).FirstOrDefaultAsync(arena => arena.Id == id && arena.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("arena");

    private static string Checked(NewArena wanted)
    {
        var name = wanted.Name?.Trim() ?? "";
        var contestants = wanted.Contestants ?? [];
        var problem = name.Length is 0 or > LongestName || name.Any(char.IsControl) ? $"An arena needs a name of 1 to {LongestName} characters in one line (got {name.Length})."
            : contestants.Count is < FewestContestants or > MostContestants ? $"An arena has {FewestContestants} to {MostContestants} contestants (got {contestants.Count})."
            : contestants.Distinct().Count() < contestants.Count ? "A contestant is named twice; name each once."
            : wanted.Split is not (SampleSplit.HeldOut or SampleSplit.Train) ? $"'split' is held_out or train (got '{wanted.Split}')."
            : wanted.VotesPerPair is < 1 or > MostVotesPerPair ? $"Votes wanted for a pair must be 1 to {MostVotesPerPair:N0}, or left out (got {wanted.VotesPerPair})."
            : wanted.Prompts is < 1 or > MostPrompts ? $"An arena has 1 to {MostPrompts:N0} prompts (got {wanted.Prompts})."
            : null;
        return problem is null ? name : throw new StudioException(Refusal.Invalid, problem);
    }

    /// <summary>Some of the prompts that all contestants answered, drawn at random, in the order of the dataset.</summary>
    private async Task<List<SharedPrompt>> DrawAsync(NewArena wanted, CancellationToken cancellation)
    {
        var page = await answers.PromptsAsync(wanted.Contestants, wanted.Split, take: PageOfPrompts, cancellation: cancellation);
        if (page.Total == 0)
        {
            throw new StudioException(
                Refusal.Invalid, $"No {(wanted.Split == SampleSplit.Train ? "training" : "held-out")} prompt was answered by all {wanted.Contestants.Count} contestants; choose iterations that answered the same prompts.");
        }

        var places = Enumerable.Range(0, page.Total).ToArray();
        RandomNumberGenerator.Shuffle<int>(places);
        var drawn = places.Take(wanted.Prompts).ToHashSet();
        var prompts = new List<SharedPrompt>();
        for (var first = 0; first < page.Total; first += PageOfPrompts)
        {
            if (first > 0)
            {
                page = await answers.PromptsAsync(wanted.Contestants, wanted.Split, skip: first, take: PageOfPrompts, cancellation: cancellation);
            }

            prompts.AddRange(page.Items.Where((_, place) => drawn.Contains(first + place)));
        }

        return prompts;
    }

    private static IEnumerable<ArenaAnswer> Answers(Guid arena, int number, SharedPrompt prompt)
    {
        var texts = prompt.Answers.Select(answer => answer.Text.Trim()).ToList();
        return prompt.Answers.Select((answer, contestant) =>
            new ArenaAnswer { ArenaId = arena, Prompt = number, Contestant = contestant, Text = answer.Text, SameAs = texts.IndexOf(texts[contestant]) });
    }

    private static async Task<List<ArenaSummary>> SummariesAsync(StudioDb db, UserInfo me, IQueryable<Arena> wanted, CancellationToken cancellation)
    {
        var arenas = await wanted.Include(arena => arena.Contestants).AsNoTracking().OrderByDescending(arena => arena.CreatedAt).ToListAsync(cancellation);
        var prompts = await db.ArenaPrompts.Where(prompt => wanted.Any(arena => arena.Id == prompt.ArenaId)).GroupBy(prompt => prompt.ArenaId).Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, cancellation);
        var ballots = db.ArenaBallots.Where(ballot => wanted.Any(arena => arena.Id == ballot.ArenaId));
        var votes = (await ballots.Where(ballot => ballot.Outcome != null && VoteTable.Cast.Contains(ballot.Outcome.Value)).GroupBy(ballot => new { ballot.ArenaId, ballot.Kind, ballot.One, ballot.Two })
            .Select(group => new { group.Key.ArenaId, group.Key.Kind, group.Key.One, group.Key.Two, Count = group.Count() }).ToListAsync(cancellation)).ToLookup(group => group.ArenaId);
        var mine = (await ballots.Where(ballot => ballot.UserId == me.Id && ballot.Outcome != null).GroupBy(ballot => new { ballot.ArenaId, ballot.One, ballot.Two })
            .Select(group => new { group.Key.ArenaId, group.Key.One, group.Key.Two, Count = group.Count() }).ToListAsync(cancellation)).ToDictionary(group => (group.ArenaId, new Pairing(group.One, group.Two)), group => group.Count);
        var identical = await IdenticalAnswers.CountAsync(db, wanted, cancellation);
        return [.. arenas.Select(Summary)];

        ArenaSummary Summary(Arena arena)
        {
            var better = votes[arena.Id].Where(group => group.Kind == BallotKind.Better).ToDictionary(group => new Pairing(group.One, group.Two), group => group.Count);
            var count = prompts.GetValueOrDefault(arena.Id);
            var takes = arena.ClosedAt is null && me.May(TeamRole.Rater);
            var waiting = arena.VotesPerPair is { } each && takes ? Pairing.All(arena.Contestants.Count).Sum(pair => Math.Max(0, Math.Min(each - better.GetValueOrDefault(pair), Unseen(pair)))) : 0;
            return new ArenaSummary(
                arena.Id, arena.Name, arena.Split, arena.Contestants.Count, count, arena.VotesPerPair, better.Values.Sum(), votes[arena.Id].Where(group => group.Kind == BallotKind.Human).Sum(group => group.Count),
                waiting,
                arena.Contestants.Exists(contestant => contestant.Source == AnswerSource.Human.ToString()), arena.CreatedBy, arena.CreatedAt, arena.ClosedAt);

            int Unseen(Pairing pair) => count - identical.GetValueOrDefault((arena.Id, pair)) - mine.GetValueOrDefault((arena.Id, pair));
        }
    }
}
