using SpinStudio.Data;

namespace SpinStudio.Web.Security;

internal static class TokenScopes
{
    /// <summary>The role whose rights the scope stands for.</summary>
    public static TeamRole Role(this TokenScope scope) => scope switch
    {
        TokenScope.Read => TeamRole.Viewer,
        TokenScope.Vote => TeamRole.Rater,
        TokenScope.Run => TeamRole.Runner,
        TokenScope.Admin => TeamRole.Admin,
        _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, "No such scope."),
    };
}
