using System.Text.Json.Serialization;

namespace SpinStudio.Engine.Runs;

/// <summary>ℓ in the SPIN objective: convex and decreasing, as its theory asks (Chen et al., arXiv 2401.01335v3, Assumption 5.1).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SpinLossType>))]
public enum SpinLossType
{
    /// <summary>Logistic, ℓ(t) = log(1 + e^−t): the paper's experiments, and DPO's loss.</summary>
    [JsonStringEnumMemberName("sigmoid")] Sigmoid,

    /// <summary>ℓ(t) = max(0, 1 − t).</summary>
    [JsonStringEnumMemberName("hinge")] Hinge,

    /// <summary>ℓ(t) = e^−t, continued by its tangent far below 0.</summary>
    [JsonStringEnumMemberName("exponential")] Exponential,

    /// <summary>ℓ(t) = 1 − t. It has no lower end: the margin grows as long as training goes on.</summary>
    [JsonStringEnumMemberName("correlation")] Correlation,
}

/// <summary>What is known of a loss before anything is computed.</summary>
public static class SpinLossTypes
{
    /// <summary>ℓ(0): the loss while main player and opponent are the same. ln 2 for the logistic loss, 1 for the others.</summary>
    public static double AtStart(this SpinLossType type) => type == SpinLossType.Sigmoid ? Math.Log(2) : 1;

    /// <summary>ℓ(0) as people write it.</summary>
    public static string AtStartText(this SpinLossType type) => type == SpinLossType.Sigmoid ? "ln 2" : "1";
}
