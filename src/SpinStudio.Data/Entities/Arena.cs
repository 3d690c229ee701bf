namespace SpinStudio.Data;

/// <summary>
/// Where people vote blind on answers of several contestants. It keeps its own copy of prompts, answers and names as they were when it was made, so that what was voted on
/// stays, whatever becomes of the runs.
/// </summary>
public sealed class Arena
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public required string Name { get; set; }

    /// <summary>train or held_out.</summary>
    public required string Split { get; set; }

    /// <summary>Votes wanted for each pair of contestants; null: as many as come.</summary>
    public int? VotesPerPair { get; set; }

    /// <summary>The name at the time: it stays when the account goes.</summary>
    public required string CreatedBy { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>No votes are taken since then.</summary>
    public DateTimeOffset? ClosedAt { get; set; }

    public List<ArenaContestant> Contestants { get; } = [];
}

/// <summary>Who gave one of the answers.</summary>
public sealed class ArenaContestant
{
    public Guid ArenaId { get; set; }

    /// <summary>From 0.</summary>
    public int Number { get; set; }

    /// <summary>human, or run id and iteration.</summary>
    public required string Source { get; set; }

    public required string Name { get; set; }
}

/// <summary>A prompt that all contestants answered.</summary>
public sealed class ArenaPrompt
{
    public Guid ArenaId { get; set; }

    /// <summary>From 0.</summary>
    public int Number { get; set; }

    public required string PromptId { get; set; }

    public string? System { get; set; }

    public required string Text { get; set; }
}

/// <summary>A contestant's answer to a prompt.</summary>
public sealed class ArenaAnswer
{
    public Guid ArenaId { get; set; }

    public int Prompt { get; set; }

    public int Contestant { get; set; }

    public required string Text { get; set; }

    /// <summary>The first contestant whose answer to this prompt is the same text; itself where there is none before.</summary>
    public int SameAs { get; set; }
}

/// <summary>What a rater is asked.</summary>
public enum BallotKind
{
    /// <summary>Which answer is better.</summary>
    Better = 0,

    /// <summary>Which answer a person wrote.</summary>
    Human = 1,
}

/// <summary>What came of a ballot; one and two are the contestants in their own order, not in the order shown.</summary>
public enum BallotOutcome
{
    One = 0,
    Two = 1,
    Tie = 2,
    BothBad = 3,
    Skipped = 4,

    /// <summary>Voted and taken back. The rater has seen the names, so that the pair is not theirs any more.</summary>
    Withdrawn = 5,
}

/// <summary>Two answers that were drawn for a rater, and what the rater said. Which is whose is known only here until then.</summary>
public sealed class ArenaBallot
{
    /// <summary>Random, so that it tells nothing and cannot be guessed.</summary>
    public Guid Id { get; set; } = Guid.NewGuid();

    public Guid ArenaId { get; set; }

    public Guid? UserId { get; set; }

    /// <summary>The name at the time: it stays when the account goes.</summary>
    public required string UserName { get; set; }

    public BallotKind Kind { get; set; }

    public int Prompt { get; set; }

    /// <summary>Contestant with the lower number.</summary>
    public int One { get; set; }

    public int Two { get; set; }

    /// <summary>True: contestant two was shown as A.</summary>
    public bool Swapped { get; set; }

    public DateTimeOffset DrawnAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Null: open.</summary>
    public BallotOutcome? Outcome { get; set; }

    public DateTimeOffset? VotedAt { get; set; }

    public string? Comment { get; set; }
}
