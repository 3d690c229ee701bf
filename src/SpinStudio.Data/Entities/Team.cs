using Microsoft.AspNetCore.Identity;

namespace SpinStudio.Data;

/// <summary>What a member may do in a team. Each role may do all that the roles before it may.</summary>
public enum TeamRole
{
    /// <summary>Looks at everything in the team.</summary>
    Viewer = 0,

    /// <summary>Also votes.</summary>
    Rater = 1,

    /// <summary>Also uploads datasets, and starts, stops and deletes runs.</summary>
    Runner = 2,

    /// <summary>Also adds members and changes their roles.</summary>
    Admin = 3,
}

/// <summary>A group of people who share datasets, models and runs. Nothing of a team is visible outside it.</summary>
public sealed class Team
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public required string Name { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>What its uploads, datasets, models and runs may take on disk; null: as much as there is.</summary>
    public long? DiskQuotaBytes { get; set; }

    /// <summary>Runs at work at the same time; null: as many as the studio has slots.</summary>
    public int? RunQuota { get; set; }

    public List<TeamMember> Members { get; } = [];
}

/// <summary>A person's membership of a team.</summary>
public sealed class TeamMember
{
    public Guid TeamId { get; set; }

    public Team? Team { get; set; }

    public Guid UserId { get; set; }

    public AppUser? User { get; set; }

    public TeamRole Role { get; set; }

    public DateTimeOffset JoinedAt { get; set; }
}

/// <summary>An account. The user name is what people see and what they log in with.</summary>
public sealed class AppUser : IdentityUser<Guid>
{
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>To a few minutes, at a browser.</summary>
    public DateTimeOffset? LastSeenAt { get; set; }

    /// <summary>The team that this person works in now; null, or one that the person has left: the one joined first.</summary>
    public Guid? CurrentTeamId { get; set; }
}
