using SpinStudio.Web.Features.Answers;

namespace SpinStudio.Web.Features.Arenas;

/// <summary>Two answers to one prompt.</summary>
public sealed record AnswerPair(string PromptId, AnswerSource First, AnswerSource Second);

/// <summary>Which answer of a pair is held to be better.</summary>
public enum PairVerdict
{
    First = 0,
    Second = 1,
    Tie = 2,
}

/// <summary>Something else than people that says which of two answers is better, to be compared with people's votes. All that are registered are shown in the arena.</summary>
public interface IPairVerdicts
{
    /// <summary>For people: "Judge".</summary>
    string Name { get; }

    /// <summary>In one sentence what its verdicts rest on.</summary>
    string About { get; }

    /// <summary>The verdicts that are known, under the very pairs asked for; a pair without one is left out.</summary>
    /// <param name="teamId">Only what belongs to this team counts.</param>
    /// <param name="split">train or held_out.</param>
    Task<IReadOnlyDictionary<AnswerPair, PairVerdict>> FindAsync(Guid teamId, string split, IReadOnlyCollection<AnswerPair> pairs, CancellationToken cancellation);
}
