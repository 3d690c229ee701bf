using SpinStudio.Data;

namespace SpinStudio.Web.Features.Account;

public sealed record MemberInfo(Guid UserId, string Name, TeamRole Role, DateTimeOffset JoinedAt, bool LockedOut);

/// <summary>Accounts and the members of the current user's team. Changes need the role Admin.</summary>
public sealed class AccountService
{
    /// <summary>True until the first account exists; then <c>/account/setup</c> is closed.</summary>
    public Task<bool> NeedsSetupAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<IReadOnlyList<MemberInfo>> MembersAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<MemberInfo> AddMemberAsync(string name, string password, TeamRole role, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>The last Admin cannot be demoted.</summary>
    public Task ChangeRoleAsync(Guid userId, TeamRole role, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>The last Admin cannot be removed. The account is deleted with its last membership.</summary>
    public Task RemoveMemberAsync(Guid userId, CancellationToken cancellation = default) => throw new NotImplementedException();
}
