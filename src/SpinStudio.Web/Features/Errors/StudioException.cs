namespace SpinStudio.Web.Features.Errors;

/// <summary>Why a request was refused.</summary>
public enum Refusal
{
    /// <summary>There is no such thing, or it is not the asker's to see (the two look alike on purpose).</summary>
    NotFound,

    /// <summary>The asker's role does not allow it.</summary>
    Forbidden,

    /// <summary>The thing is not in a state that allows it.</summary>
    Conflict,

    /// <summary>The request itself is wrong.</summary>
    Invalid,

    /// <summary>More bytes than the limit.</summary>
    TooLarge,
}

/// <summary>A refusal in one line for the person who asked: the value, the limit and the fix. Pages show the message; the API answers with it.</summary>
public sealed class StudioException(Refusal refusal, string message) : Exception(message)
{
    public Refusal Refusal { get; } = refusal;

    public static StudioException NotFound(string what) => new(Refusal.NotFound, $"There is no such {what}.");
}
