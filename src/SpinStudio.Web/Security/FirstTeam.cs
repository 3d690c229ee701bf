using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Web.Security;

/// <summary>The studio's first team: its Admins answer for the whole studio.</summary>
internal static class FirstTeam
{
    public static async Task<bool> IsAdminAsync(StudioDb db, UserInfo me, CancellationToken cancellation) =>
        me.May(TeamRole.Admin) && await db.Teams.OrderBy(team => team.CreatedAt).Select(team => team.Id).FirstAsync(cancellation) == me.TeamId;
}
