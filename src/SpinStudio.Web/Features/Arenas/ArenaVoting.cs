using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>
/// Blind voting. The server holds which answer is whose: a rater gets a ballot with a random id and two texts, and names only after the vote. One vote for each ballot, by whom it
/// was drawn for, until it expires. Needs Rater.
/// </summary>
public sealed class ArenaVoting(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, TimeProvider time)
{
    public const int LongestComment = 2000;
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    /// <summary>The rater's open ballot, else a new one.</summary>
    public async Task<Turn> NextAsync(Guid arenaId, BallotKind kind, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Rater, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var arena = await OpenArenaAsync(db, me, arenaId, cancellation);
        var human = arena.Contestants.Find(contestant => contestant.Source == AnswerSource.Human.ToString())?.Number;
        if (kind == BallotKind.Human && human is null)
        {
            throw new StudioException(Refusal.Invalid, "The human answer is not among this arena's contestants; make one with it.");
        }

        var now = time.GetUtcNow();
        var ballots = await db.ArenaBallots.Where(ballot => ballot.ArenaId == arenaId).ToListAsync(cancellation);
        var open = ballots.Where(ballot => ballot.UserId == me.Id && ballot.Outcome is null).ToList();
        var ballot = open.FirstOrDefault(row => row.Kind == kind && row.ExpiresAt > now);
        if (ballot is null)
        {
            var expired = open.Where(row => row.ExpiresAt <= now).ToList();
            db.ArenaBallots.RemoveRange(expired);
            ballots.RemoveAll(expired.Contains);
            ballot = await DrawAsync(db, arena, me, kind, human, ballots, now, cancellation);
        }

        if (ballot is not null)
        {
            ballot.ExpiresAt = now + Lifetime;
        }

        await SaveAsync(db, cancellation);
        var votes = ballots.Where(row => row.Kind == kind && row.IsVote()).ToList();
        var pairs = kind == BallotKind.Human ? arena.Contestants.Count - 1 : arena.Contestants.Count * (arena.Contestants.Count - 1) / 2;
        return new Turn(ballot is null ? null : await ShowAsync(db, ballot, cancellation), votes.Count(row => row.UserId == me.Id), votes.Count, arena.VotesPerPair * pairs);
    }

    /// <summary>Casts the vote and tells whose answers they were.</summary>
    public async Task<Reveal> VoteAsync(Guid arenaId, Guid ballotId, Vote vote, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(vote);
        var me = await currentUser.RequireAsync(TeamRole.Rater, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var arena = await OpenArenaAsync(db, me, arenaId, cancellation);
        var ballot = await BallotAsync(db, me, arenaId, ballotId, cancellation);
        var comment = vote.Comment?.Trim();
        if (comment?.Length > LongestComment)
        {
            throw new StudioException(Refusal.Invalid, $"A comment has at most {LongestComment:N0} characters (got {comment.Length:N0}); shorten it.");
        }

        if (!Enum.IsDefined(vote.Choice) || (ballot.Kind == BallotKind.Human && vote.Choice is not (Choice.First or Choice.Second)))
        {
            throw new StudioException(Refusal.Invalid, ballot.Kind == BallotKind.Human ? "Which answer is a person's is first or second; skip when you cannot tell." : "A vote is first, second, tie or both_bad.");
        }

        var outcome = Outcome(vote.Choice, ballot.Swapped);
        await CastAsync(db, ballot, outcome, string.IsNullOrEmpty(comment) ? null : comment, cancellation);
        var (first, second) = ballot.Swapped ? (ballot.Two, ballot.One) : (ballot.One, ballot.Two);
        var contestants = arena.Contestants.Select(ArenaService.Info).ToDictionary(contestant => contestant.Number);
        return new Reveal(contestants[first], contestants[second], vote.Choice, ballot.Kind == BallotKind.Human ? contestants[vote.Choice == Choice.First ? first : second].Source.IsHuman : null);
    }

    /// <summary>Leaves a ballot out; it is not drawn for this rater again, and no names are told.</summary>
    public async Task SkipAsync(Guid arenaId, Guid ballotId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Rater, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await OpenArenaAsync(db, me, arenaId, cancellation);
        await CastAsync(db, await BallotAsync(db, me, arenaId, ballotId, cancellation), BallotOutcome.Skipped, null, cancellation);
    }

    /// <summary>Takes the rater's last vote in the arena back. Its names were told, so that the two answers go to other raters only.</summary>
    public async Task UndoAsync(Guid arenaId, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Rater, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await OpenArenaAsync(db, me, arenaId, cancellation);
        var last = await db.ArenaBallots.Where(ballot => ballot.ArenaId == arenaId && ballot.UserId == me.Id && ballot.VotedAt != null && ballot.Outcome != BallotOutcome.Skipped)
            .OrderByDescending(ballot => ballot.VotedAt).FirstOrDefaultAsync(cancellation);
        if (last is null || last.Outcome == BallotOutcome.Withdrawn)
        {
            throw new StudioException(Refusal.Conflict, last is null ? "You have not voted here yet." : "Your last vote is taken back already; only the last one can be.");
        }

        last.Outcome = BallotOutcome.Withdrawn;
        await db.SaveChangesAsync(cancellation);
    }

    private static BallotOutcome Outcome(Choice choice, bool swapped) => choice switch
    {
        Choice.Tie => BallotOutcome.Tie,
        Choice.BothBad => BallotOutcome.BothBad,
        _ => choice == Choice.First == swapped ? BallotOutcome.Two : BallotOutcome.One,
    };

    private static async Task<ArenaBallot?> DrawAsync(StudioDb db, Arena arena, UserInfo me, BallotKind kind, int? human, List<ArenaBallot> ballots, DateTimeOffset now, CancellationToken cancellation)
    {
        var answers = await db.ArenaAnswers.Where(answer => answer.ArenaId == arena.Id).Select(answer => new { answer.Prompt, answer.Contestant, answer.SameAs }).ToListAsync(cancellation);
        var same = answers.GroupBy(answer => answer.Prompt).OrderBy(group => group.Key).Select(group => group.OrderBy(answer => answer.Contestant).Select(answer => answer.SameAs).ToArray()).ToArray();
        if (new PairChoice(same, ballots, me.Id).Next(kind, arena.VotesPerPair, human) is not var (prompt, pair))
        {
            return null;
        }

        var ballot = new ArenaBallot
        {
            ArenaId = arena.Id, UserId = me.Id, UserName = me.Name, Kind = kind, Prompt = prompt, One = pair.One, Two = pair.Two,
            Swapped = RandomNumberGenerator.GetInt32(2) == 1, DrawnAt = now,
        };
        db.ArenaBallots.Add(ballot);
        return ballot;
    }

    private static async Task<Ballot> ShowAsync(StudioDb db, ArenaBallot ballot, CancellationToken cancellation)
    {
        var prompt = await db.ArenaPrompts.SingleAsync(row => row.ArenaId == ballot.ArenaId && row.Number == ballot.Prompt, cancellation);
        var texts = await db.ArenaAnswers.Where(row => row.ArenaId == ballot.ArenaId && row.Prompt == ballot.Prompt && (row.Contestant == ballot.One || row.Contestant == ballot.Two))
            .ToDictionaryAsync(row => row.Contestant, row => row.Text, cancellation);
        var (first, second) = ballot.Swapped ? (ballot.Two, ballot.One) : (ballot.One, ballot.Two);
        return new Ballot(ballot.Id, ballot.Kind, prompt.System, prompt.Text, texts[first], texts[second], ballot.ExpiresAt);
    }

    /// <summary>In one statement, so that of two requests with the same ballot one is refused.</summary>
    private async Task CastAsync(StudioDb db, ArenaBallot ballot, BallotOutcome outcome, string? comment, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var cast = await db.ArenaBallots.Where(row => row.Id == ballot.Id && row.Outcome == null && row.ExpiresAt > now)
            .ExecuteUpdateAsync(row => row.SetProperty(x => x.Outcome, outcome).SetProperty(x => x.VotedAt, now).SetProperty(x => x.Comment, comment), cancellation);
        if (cast == 0)
        {
            throw new StudioException(Refusal.Conflict, ballot.ExpiresAt <= now && ballot.Outcome is null ? $"This ballot expired after {Lifetime.TotalMinutes:0} minutes; ask for the next one." : "This ballot has had its vote; ask for the next one.");
        }
    }

    private static async Task<Arena> OpenArenaAsync(StudioDb db, UserInfo me, Guid id, CancellationToken cancellation)
    {
        var arena = await ArenaService.FindAsync(db, me, id, cancellation);
        return arena.ClosedAt is null ? arena : throw new StudioException(Refusal.Conflict, $"{arena.Name} is closed and takes no votes; somebody with the role Runner can open it again.");
    }

    /// <summary>Another rater's ballot is not found, like one that never was.</summary>
    private static async Task<ArenaBallot> BallotAsync(StudioDb db, UserInfo me, Guid arenaId, Guid id, CancellationToken cancellation) =>
        await db.ArenaBallots.AsNoTracking().FirstOrDefaultAsync(ballot => ballot.Id == id && ballot.ArenaId == arenaId && ballot.UserId == me.Id, cancellation) ?? throw StudioException.NotFound("ballot");

    private static async Task SaveAsync(StudioDb db, CancellationToken cancellation)
    {
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException)
        {
            throw new StudioException(Refusal.Conflict, "Two requests drew at once; ask again.");
        }
    }
}
