namespace SpinStudio.Web.Features.Discussion;

/// <summary>Places in a run that a comment can be about.</summary>
internal static class AnchorText
{
    public static string Words(string anchor) => Parts(anchor) switch
    {
        ("iteration", var number) => number.StartsWith('-') ? "Starting model" : $"Iteration {number}",
        ("step", var number) => $"Step {number}",
        ("prompt", var id) => $"Prompt {id}",
        _ => anchor,
    };

    public static string Address(Guid run, string anchor) => Parts(anchor) switch
    {
        ("iteration", _) => $"/runs/{run}/iterations",
        ("step", _) => $"/runs/{run}/charts",
        ("prompt", var id) => $"/runs/{run}/samples?prompt={Uri.EscapeDataString(id)}",
        _ => $"/runs/{run}",
    };

    private static (string Kind, string Value) Parts(string anchor) => anchor.IndexOf(':', StringComparison.Ordinal) is var at and > 0 ? (anchor[..at], anchor[(at + 1)..]) : (anchor, "");
}
