namespace SpinStudio.Web.Features.Sharing;

/// <param name="Days">1 to 90.</param>
/// <param name="WithAnswers">Prompts and answers are shown too.</param>
/// <param name="WithNames">Names of members are shown too.</param>
public sealed record NewShareLink(int Days = ShareLinks.UsualDays, bool WithAnswers = false, bool WithNames = false);

/// <param name="Open">It opens now: not expired, not revoked.</param>
public sealed record ShareLinkInfo(
    Guid Id, Guid RunId, string? RunName, string? CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt, DateTimeOffset? LastUsedAt, int Uses,
    bool WithAnswers, bool WithNames, bool Open);

/// <param name="Path">Where the link leads, token included. It is shown this once and kept nowhere.</param>
public sealed record CreatedShareLink(ShareLinkInfo Link, string Path);

/// <summary>Whether links of the team, and of the whole studio, open.</summary>
/// <param name="MayStopStudio">Whether the asker may change the latter.</param>
public sealed record SharingState(bool TeamStopped, bool StudioStopped, string? StoppedBy, DateTimeOffset? StoppedAt, bool MayStopTeam, bool MayStopStudio);

/// <param name="Scope">team or studio.</param>
public sealed record SharingSwitch(string Scope, bool Stopped);
