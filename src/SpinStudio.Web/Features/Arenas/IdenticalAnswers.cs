using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>Prompts to which two contestants gave the same text: there is nothing to choose between.</summary>
internal static class IdenticalAnswers
{
    /// <summary>How many such prompts each pair of contestants has; pairs without any are left out.</summary>
    public static async Task<Dictionary<(Guid Arena, Pairing Pair), int>> CountAsync(StudioDb db, IQueryable<Arena> arenas, CancellationToken cancellation)
    {
        var repeats = await db.ArenaAnswers.Where(answer => answer.SameAs != answer.Contestant && arenas.Any(arena => arena.Id == answer.ArenaId))
            .Select(answer => new { answer.ArenaId, answer.Prompt, answer.SameAs, answer.Contestant }).ToListAsync(cancellation);
        return repeats.GroupBy(answer => (answer.ArenaId, answer.Prompt, answer.SameAs))
            .SelectMany(alike => Pairs([alike.Key.SameAs, .. alike.Select(answer => answer.Contestant).Order()]).Select(pair => (alike.Key.ArenaId, pair))).CountBy(pair => pair).ToDictionary();
    }

    private static IEnumerable<Pairing> Pairs(List<int> contestants) => contestants.SelectMany((one, place) => contestants.Skip(place + 1).Select(two => new Pairing(one, two)));
}
