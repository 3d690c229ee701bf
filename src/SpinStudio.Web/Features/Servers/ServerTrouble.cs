namespace SpinStudio.Web.Features.Servers;

/// <summary>Why a model server gave no answer.</summary>
public enum TroubleKind
{
    /// <summary>Busy, failing or silent: another time it may answer.</summary>
    MayPass,

    /// <summary>It will not answer this request; others it may.</summary>
    Request,

    /// <summary>It cannot be used: wrong key, wrong address, wrong model.</summary>
    Server,
}

/// <summary>A model server gave no answer; one line that says why.</summary>
/// <param name="wait">How long it asked to be left alone.</param>
internal sealed class ServerTrouble(TroubleKind kind, string message, TimeSpan? wait = null) : Exception(message)
{
    public TroubleKind Kind { get; } = kind;

    public TimeSpan? Wait { get; } = wait;
}
