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
        "locked" => "Too many wrong passwords. Wait a few minutes, then try again.",
        "expired" => "The form was open for too long. Send it again.",
        _ => "Name or password is wrong.",
    };
}
