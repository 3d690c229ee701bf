using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Features.Runs.New;

/// <summary>What somebody has typed into the form so far, as it is kept on the server.</summary>
/// <param name="Config">Settings that could be read.</param>
/// <param name="Typed">Fields as they were typed, also those that cannot be read yet.</param>
/// <param name="From">The run that is cloned or branched.</param>
/// <param name="Sweep">Setting and typed values of each axis.</param>
/// <param name="RequestId">Set while a start is under way: whether it happened can be asked for by it.</param>
internal sealed record RunDraft(
    Guid? Dataset, Guid? Model, string Name, RunConfig Config, IReadOnlyDictionary<string, string> Typed, Guid? From, int? Iteration, IReadOnlyList<SweepInput> Sweep,
    string? RequestId, DateTimeOffset SavedAt)
{
    public const string Key = "draft:new-run";
}

/// <summary>One axis of a sweep as it is typed.</summary>
public sealed class SweepInput
{
    /// <summary>Empty: none.</summary>
    public string Key { get; set; } = "";

    public string Values { get; set; } = "";
}
