using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Features.Insights;

/// <summary>A model (−1: the starting model) or the pairs of an iteration.</summary>
/// <param name="Done">It exists.</param>
/// <param name="Id">Of the model, where the studio has it.</param>
public sealed record LineageNode(bool IsModel, int Iteration, bool Done, Guid? Id)
{
    public string Name => !IsModel ? $"Pairs {Iteration}" : Iteration < 0 ? "Starting model" : $"Model {Iteration}";
}

public enum LineageKind
{
    /// <summary>The model wrote the generated answers of the pairs.</summary>
    Opponent,

    /// <summary>Training started from this model; it is the reference too.</summary>
    Init,

    /// <summary>The pairs were trained on.</summary>
    TrainedOn,
}

/// <param name="Fault">What is wrong with it; null when all is as it should be.</param>
public sealed record LineageEdge(LineageKind Kind, LineageNode From, LineageNode To, string? Fault);

/// <summary>Which model wrote which pairs, and which model was trained from what on what.</summary>
public sealed record Lineage(IReadOnlyList<LineageNode> Nodes, IReadOnlyList<LineageEdge> Edges)
{
    /// <param name="iterations">Those that have begun.</param>
    /// <param name="planned">How many there will be.</param>
    /// <param name="window">How many iterations' pairs are trained on.</param>
    /// <param name="lamps">What the first step of each iteration showed.</param>
    /// <param name="pairs">Iterations whose pairs are there.</param>
    public static Lineage Of(IReadOnlyList<IterationInfo> iterations, int planned, int window, Guid? startModel, IReadOnlyList<InvariantLamp> lamps, IReadOnlySet<int> pairs)
    {
        ArgumentNullException.ThrowIfNull(iterations);
        ArgumentNullException.ThrowIfNull(pairs);
        var begun = iterations.ToDictionary(iteration => iteration.Number);
        var models = new Dictionary<int, LineageNode> { [-1] = new(true, -1, true, startModel) };
        var sets = new Dictionary<int, LineageNode>();
        var edges = new List<LineageEdge>();
        for (var t = 0; t < planned; t++)
        {
            var iteration = begun.GetValueOrDefault(t);
            models[t] = new LineageNode(true, t, iteration?.FinishedAt is not null, iteration?.ModelId);
            sets[t] = new LineageNode(false, t, pairs.Contains(t), null);
            var opponent = iteration?.Opponent ?? t - 1;
            var reference = lamps.FirstOrDefault(lamp => lamp.Iteration == t && lamp.State == LampState.Bad)?.Sentence;
            if (models.TryGetValue(opponent, out var writer))
            {
                edges.Add(new LineageEdge(LineageKind.Opponent, writer, sets[t], opponent == t - 1 ? null : $"The opponent of iteration {t} is {writer.Name}, but training starts from {models[t - 1].Name}."));
            }

            edges.Add(new LineageEdge(LineageKind.Init, models[t - 1], models[t], reference));
            for (var k = Math.Max(0, t - window + 1); k <= t; k++)
            {
                edges.Add(new LineageEdge(LineageKind.TrainedOn, sets[k], models[t], models[t].Done && !sets[k].Done ? $"The pairs of iteration {k}, which iteration {t} was trained on, are missing." : null));
            }
        }

        return new Lineage([.. models.OrderBy(pair => pair.Key).Select(pair => pair.Value), .. sets.OrderBy(pair => pair.Key).Select(pair => pair.Value)], edges);
    }
}
