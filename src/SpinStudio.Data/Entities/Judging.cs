namespace SpinStudio.Data;

/// <summary>Where a judging stands.</summary>
public enum JudgingState
{
    Waiting = 0,

    /// <summary>The judge is being asked.</summary>
    Running = 1,

    Done = 2,

    /// <summary>The server could not be used; what is known stays, and it can go on.</summary>
    Failed = 3,

    Cancelled = 4,
}

/// <summary>What one request to a judge came to.</summary>
public enum VerdictOutcome
{
    /// <summary>The pair's first source answered better.</summary>
    First = 0,

    Second = 1,

    Tie = 2,

    /// <summary>The judge answered, but with no verdict, or with more than one.</summary>
    Unreadable = 3,

    /// <summary>The server would not answer this request, asked as often as one likes.</summary>
    Refused = 4,
}

/// <summary>A model that compares answers pair by pair.</summary>
public sealed class Judging
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public required string Name { get; set; }

    public JudgingState State { get; set; }

    /// <summary>Why it failed, for people.</summary>
    public string? Error { get; set; }

    /// <summary>Null when the server was removed.</summary>
    public Guid? ServerId { get; set; }

    /// <summary>Name of the server and of its model, as they were.</summary>
    public required string ServerName { get; set; }

    public required string ServerModel { get; set; }

    public required string Template { get; set; }

    /// <summary>Sources of answers with their names as they were, as JSON.</summary>
    public required string Contestants { get; set; }

    /// <summary>train or held_out.</summary>
    public required string Split { get; set; }

    /// <summary>Draws the prompts.</summary>
    public int Seed { get; set; }

    public int Prompts { get; set; }

    /// <summary>Requests in all: two a pair, one in each order.</summary>
    public int Requests { get; set; }

    /// <summary>Pairs that nobody has to be asked about, for both answers are the same.</summary>
    public int Identical { get; set; }

    /// <summary>Longest answer of the judge, in tokens.</summary>
    public int MaxTokens { get; set; }

    /// <summary>Requests that are open at once.</summary>
    public int Parallel { get; set; }

    public required string CreatedBy { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>One request to a judge: a pair of answers to a prompt in one of the two orders, and what came of it.</summary>
public sealed class Verdict
{
    public long Id { get; set; }

    public Guid JudgingId { get; set; }

    public required string PromptId { get; set; }

    /// <summary>Sources of the pair, as text: always in the same order, whichever stood first in the request.</summary>
    public required string First { get; set; }

    public required string Second { get; set; }

    /// <summary>The second source's answer was shown as A.</summary>
    public bool Swapped { get; set; }

    /// <summary>Characters of the two answers.</summary>
    public int FirstLength { get; set; }

    public int SecondLength { get; set; }

    /// <summary>The whole text that the judge was given.</summary>
    public required string Asked { get; set; }

    /// <summary>What the judge wrote; null until it was asked, and when it refused.</summary>
    public string? Answer { get; set; }

    /// <summary>Null until it was asked.</summary>
    public VerdictOutcome? Outcome { get; set; }

    /// <summary>Why the server refused.</summary>
    public string? Error { get; set; }

    /// <summary>As the server counts them.</summary>
    public int? AskedTokens { get; set; }

    public int? AnswerTokens { get; set; }

    public double? Seconds { get; set; }

    public DateTimeOffset? At { get; set; }
}
