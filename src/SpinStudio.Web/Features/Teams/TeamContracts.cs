using SpinStudio.Data;

namespace SpinStudio.Web.Features.Teams;

/// <param name="MayMakeTeams">Whether the asker may make another team.</param>
public sealed record TeamInfo(Guid Id, string Name, DateTimeOffset CreatedAt, int Members, TeamRole Role, bool MayMakeTeams);

/// <summary>A team that the asker belongs to.</summary>
/// <param name="Current">The one that everything is read from and written to now.</param>
public sealed record MyTeam(Guid Id, string Name, TeamRole Role, bool Current);

public sealed record TeamName(string Name);

/// <param name="Confirm">The name of the team that is left.</param>
public sealed record Leaving(string Confirm);

public sealed record TeamChoice(Guid TeamId);
