using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Arenas;

namespace SpinStudio.Web.Features.Judging;

/// <summary>What people say of pairs of answers in the arenas of a team.</summary>
internal static class PeoplesVotes
{
    /// <summary>The answer with more votes, over all arenas; pairs that people do not decide are left out. Each pair is there in both orders.</summary>
    /// <param name="split">train or held_out.</param>
    public static async Task<IReadOnlyDictionary<AnswerPair, PairVerdict>> MajoritiesAsync(StudioDb db, Guid teamId, string split, CancellationToken cancellation)
    {
        var votes = await (
            from arena in db.Arenas.Where(arena => arena.TeamId == teamId && arena.Split == split)
            join ballot in db.ArenaBallots.Where(ballot => ballot.Kind == BallotKind.Better && (ballot.Outcome == BallotOutcome.One || ballot.Outcome == BallotOutcome.Two)) on arena.Id equals ballot.ArenaId
            join prompt in db.ArenaPrompts on new { ballot.ArenaId, Number = ballot.Prompt } equals new { prompt.ArenaId, prompt.Number }
            join one in db.Set<ArenaContestant>() on new { ballot.ArenaId, Number = ballot.One } equals new { one.ArenaId, one.Number }
            join two in db.Set<ArenaContestant>() on new { ballot.ArenaId, Number = ballot.Two } equals new { two.ArenaId, two.Number }
            select new { prompt.PromptId, One = one.Source, Two = two.Source, ForOne = ballot.Outcome == BallotOutcome.One }).ToListAsync(cancellation);
        return votes.SelectMany(vote => new[] { (vote.PromptId, First: vote.One, Second: vote.Two, vote.ForOne), (vote.PromptId, First: vote.Two, Second: vote.One, ForOne: !vote.ForOne) })
            .GroupBy(vote => (vote.PromptId, vote.First, vote.Second), vote => vote.ForOne ? 1 : -1)
            .Select(pair => (Pair: new AnswerPair(pair.Key.PromptId, JudgeVerdicts.Source(pair.Key.First), JudgeVerdicts.Source(pair.Key.Second)), Lead: pair.Sum()))
            .Where(pair => pair.Lead != 0)
            .ToDictionary(pair => pair.Pair, pair => pair.Lead > 0 ? PairVerdict.First : PairVerdict.Second);
    }
}
