using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>
/// A forward whose stages forgot all but their inputs; on the way back each is run once more, last to first (Chen et al., arXiv 1604.06174).
/// </summary>
internal sealed class CheckpointedLayers : IDisposable
{
    private readonly IReadOnlyList<Func<Tensor, Tensor>> _stages;
    private readonly Tensor[] _inputs, _owned;

    /// <param name="start">Input of the first stage; has no gradient itself.</param>
    /// <param name="stages">What each makes must depend on its input and on leaves alone, the same every time.</param>
    /// <param name="owned">Disposed with this: what the stages use and nobody else.</param>
    public CheckpointedLayers(Tensor start, IReadOnlyList<Func<Tensor, Tensor>> stages, params Tensor[] owned)
    {
        (_stages, _owned) = (stages, owned);
        _inputs = new Tensor[stages.Count];
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var x = start;
        for (var i = 0; i < stages.Count; i++)
        {
            _inputs[i] = x.detach().DetachFromDisposeScope();
            x = stages[i](x);
        }
        Output = x.detach().DetachFromDisposeScope();
        Output.requires_grad = true;
    }

    /// <summary>Of the last stage: a leaf, whose gradient <see cref="Backward"/> goes on from.</summary>
    public Tensor Output { get; }

    /// <summary>Adds the gradients of the stages' leaves, once the one of <see cref="Output"/> is there. Frees each input when it has served.</summary>
    public void Backward()
    {
        var gradient = Output.grad;
        for (var i = _stages.Count - 1; i >= 0 && gradient is not null; i--)
        {
            using var scope = torch.NewDisposeScope();
            using var after = gradient;
            var input = _inputs[i].detach();
            input.requires_grad = i > 0;
            var output = _stages[i](input);
            if (output.requires_grad)
                output.backward(after);
            gradient = input.grad?.DetachFromDisposeScope();
            _inputs[i].Dispose();
        }
        gradient?.Dispose();
    }

    public void Dispose()
    {
        foreach (var tensor in _inputs.Concat(_owned))
            tensor.Dispose();
        Output.Dispose();
    }
}
