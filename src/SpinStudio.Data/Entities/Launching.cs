namespace SpinStudio.Data;

/// <summary>A team's queue stands still while there is one: runs that work go on, none of those that wait starts.</summary>
public sealed class QueuePause
{
    public Guid TeamId { get; set; }

    public Guid? PausedById { get; set; }

    public DateTimeOffset PausedAt { get; set; }
}

/// <summary>How long a phase of a run took: what later runs are estimated from.</summary>
public sealed class PhaseTiming
{
    public Guid RunId { get; set; }

    /// <summary>−1 is the starting model.</summary>
    public int Iteration { get; set; }

    /// <summary>generate, score, train, save or evaluate.</summary>
    public required string Phase { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>Work of the phase, in prompts, pairs, steps or models.</summary>
    public long Units { get; set; }

    /// <summary>As last told while it went on; 0 when it was too short to tell.</summary>
    public double TokensPerSecond { get; set; }

    /// <summary>More than one engine process worked on it, so its time says nothing about its rate.</summary>
    public bool Broken { get; set; }
}

/// <summary>Settings that a team keeps under a name, to start runs from.</summary>
public sealed class TeamPreset
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    /// <summary>Unique in the team.</summary>
    public required string Name { get; set; }

    /// <summary>The run config as JSON; its name, model and dataset are left open.</summary>
    public required string Config { get; set; }

    public Guid? ChangedById { get; set; }

    public DateTimeOffset ChangedAt { get; set; }
}
