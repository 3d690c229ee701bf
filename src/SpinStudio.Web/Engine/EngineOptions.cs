namespace SpinStudio.Web.Engine;

/// <summary>The section <c>Engine</c> of the settings.</summary>
public sealed class EngineOptions
{
    public const string Section = "Engine";

    /// <summary>The engine's program, <c>spinstudio</c>. Empty: found beside the studio.</summary>
    public string? Path { get; set; }

    /// <summary>How much the engine yields to the pages: 0 not at all, 19 most.</summary>
    public int Niceness { get; set; } = 10;

    /// <summary>Models that may be loaded for the playground at once.</summary>
    public int ModelsLoaded { get; set; } = 2;

    /// <summary>Seconds without a question after which a model is let go.</summary>
    public double ModelIdleSeconds { get; set; } = 300;
}
