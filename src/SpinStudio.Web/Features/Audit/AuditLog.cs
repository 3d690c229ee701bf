using SpinStudio.Data;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Audit;

/// <summary>Writes down who did what. The entry is saved with the change that it describes, or not at all.</summary>
public sealed class AuditLog(TimeProvider time)
{
    public void Add(StudioDb db, UserInfo user, string action, Guid subject, string? detail = null) => db.AuditEntries.Add(new AuditEntry
    {
        TeamId = user.TeamId,
        UserId = user.Id,
        UserName = user.Name,
        Token = user.Token,
        Action = action,
        Subject = subject.ToString(),
        Detail = detail,
        At = time.GetUtcNow(),
    });
}
