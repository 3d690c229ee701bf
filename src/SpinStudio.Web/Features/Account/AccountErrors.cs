namespace SpinStudio.Web.Features.Account;

/// <summary>What the account forms' error codes mean, in words with the way out.</summary>
internal static class AccountErrors
{
    public static string? Text(string? code) => code switch
    {
        null or "" => null,
        "password" => "The password is too short or too easy to guess. Use at least 10 characters.",
        "mismatch" => "The two passwords differ. Type the same one twice.",
        "name" => "This name is empty, too long or taken. Choose another one of at most 64 characters.",
        "closed" => "The studio has been set up already. Log in, or ask its administrator for an account.",
        "current" => "The present password is wrong.",
        "member" => "You are a member of this team already; an Admin can change your role.",
        "gone" => "This does not open any more. Ask for a new link.",
        "last" => "You are the team's last Admin; make somebody else Admin first.",
        "locked" => "Too many wrong passwords. Wait a few minutes, then try again.",
        "expired" => "The form was open for too long. Send it again.",
        _ => "Name or password is wrong.",
    };
}
