namespace SpinStudio.Web.Features.Runs;

/// <summary>What somebody chose when asked whether a run is to stop.</summary>
public enum StopChoice
{
    Continue,

    /// <summary>With a checkpoint, to be resumed.</summary>
    Save,

    /// <summary>Without a checkpoint; the run is deleted.</summary>
    Discard,
}
