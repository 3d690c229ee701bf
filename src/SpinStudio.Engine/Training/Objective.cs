using SpinStudio.Engine.Models;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Training;

/// <summary>What a run trains on: micro-batches of fixed composition, and the loss of each.</summary>
public abstract class Objective
{
    /// <summary>Number of micro-batches; each is seen once an epoch.</summary>
    public abstract int Count { get; }

    /// <summary>What the loss is a mean over: pairs, or answer tokens. A step divides by the sum over its micro-batches, so uneven ones stay exact.</summary>
    public abstract int Weight(int microBatch);

    /// <summary>Real tokens in a micro-batch.</summary>
    public abstract int Tokens(int microBatch);

    /// <summary>Prompts in a micro-batch, to name when its loss is not finite.</summary>
    public abstract IEnumerable<string> PromptIds(int microBatch);

    /// <summary>Loss summed over the micro-batch, a scalar; adds what is worth showing, summed the same way, to the metrics.</summary>
    public abstract Tensor Loss(LlamaModel model, int microBatch, Metrics metrics);

    /// <summary>What must hold before the first update; throws when it does not.</summary>
    public virtual void CheckFirstStep(IReadOnlyDictionary<string, double> metrics)
    {
    }
}

/// <summary>Sums over the micro-batches of a step.</summary>
public sealed class Metrics
{
    private readonly Dictionary<string, double> _sums = [];

    public void Add(string name, double sum) => _sums[name] = _sums.GetValueOrDefault(name) + sum;

    public void Add(string name, Tensor values)
    {
        using var scope = torch.NewDisposeScope();
        Add(name, values.detach().sum().item<float>());
    }

    /// <summary>Means over the step.</summary>
    public Dictionary<string, double> Over(double weight) => _sums.ToDictionary(s => s.Key, s => s.Value / weight);
}
