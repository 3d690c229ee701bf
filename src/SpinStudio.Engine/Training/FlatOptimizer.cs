using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Training;

/// <summary>
/// RMSProp or AdamW as one pass over flat buffers: fp32 master weights, fp32 gradients, fp32 moments, and the rounded copy the forward computes with.
/// </summary>
/// <remarks>
/// Masters are fp32 in every precision: at a learning rate of 5e-7 a bf16 weight would hardly ever change.
/// RMSProp is torch's with its defaults (α 0.99, ε 1e-8 outside the root); AdamW decouples its decay (Loshchilov, Hutter, arXiv 1711.05101; β 0.9, 0.999, ε 1e-8).
/// </remarks>
public sealed class FlatOptimizer : IDisposable
{
    private const long NormPiece = 1 << 16;

    private readonly OptimizerKind _kind;
    private readonly double _weightDecay;
    private readonly FlatParameters _parameters;
    private readonly Tensor _gradients, _firstMoment, _secondMoment;
    private readonly bool _mixed;

    public FlatOptimizer(OptimizerKind kind, double weightDecay, FlatParameters parameters)
    {
        (_kind, _weightDecay, _parameters) = (kind, weightDecay, parameters);
        parameters.RequireGradients();
        _mixed = parameters.Weights.dtype != ScalarType.Float32;
        using var scope = torch.NewDisposeScope();
        Masters = _mixed ? parameters.Weights.to(ScalarType.Float32).DetachFromDisposeScope() : parameters.Weights;
        _gradients = _mixed ? torch.zeros_like(Masters).DetachFromDisposeScope() : parameters.Gradients!;
        _secondMoment = torch.zeros_like(Masters).DetachFromDisposeScope();
        _firstMoment = (kind == OptimizerKind.AdamW ? torch.zeros_like(Masters) : torch.zeros([0], ScalarType.Float32)).DetachFromDisposeScope();
    }

    /// <summary>fp32 weights, [count].</summary>
    public Tensor Masters { get; }

    /// <summary>fp32 gradients, [count].</summary>
    public Tensor Gradients => _gradients;

    /// <summary>What a checkpoint keeps of the optimizer.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> State => _kind == OptimizerKind.AdamW
        ? [("masters", Masters), ("first_moment", _firstMoment), ("second_moment", _secondMoment)]
        : [("masters", Masters), ("second_moment", _secondMoment)];

    /// <summary>Rounds the masters to the weights the forward computes with.</summary>
    public void PublishMasters()
    {
        using var noGrad = torch.no_grad();
        if (_mixed) _parameters.Weights.copy_(Masters);
    }

    /// <summary>Moves what a backward left into the fp32 gradients.</summary>
    public void Accumulate()
    {
        if (!_mixed) return;
        using var noGrad = torch.no_grad();
        _gradients.add_(_parameters.Gradients!);
        _parameters.Gradients!.zero_();
    }

    /// <summary>Scales the gradients to a norm of at most <paramref name="limit"/> (0 = no limit).</summary>
    /// <returns>The norm before.</returns>
    public double Clip(double limit)
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        // Piece by piece, added up in fp64: one fp32 sum over millions of squares loses the small ones.
        var squares = 0.0;
        for (long start = 0; start < _gradients.numel(); start += NormPiece)
            squares += Math.Pow(_gradients.narrow(0, start, Math.Min(NormPiece, _gradients.numel() - start)).norm().item<float>(), 2);
        var norm = Math.Sqrt(squares);
        if (limit > 0 && norm > limit)
            _gradients.mul_(limit / (norm + 1e-6));
        return norm;
    }

    /// <summary>One update; then the gradients are zero again.</summary>
    /// <param name="step">From 1, for AdamW's bias correction.</param>
    public void Step(double learningRate, int step)
    {
        using var noGrad = torch.no_grad();
        var rounded = _mixed ? _parameters.Weights : null;
        if (_kind == OptimizerKind.AdamW)
            torch.optim.adamw_(Masters, _firstMoment, _secondMoment, _gradients, rounded, learningRate, 0.9, 0.999, 1e-8, _weightDecay, step);
        else
            torch.optim.rmsprop_(Masters, _secondMoment, _gradients, rounded, learningRate, 0.99, 1e-8, _weightDecay);
        _gradients.zero_();
    }

    public void Dispose()
    {
        if (_mixed)
        {
            Masters.Dispose();
            _gradients.Dispose();
        }
        _firstMoment.Dispose();
        _secondMoment.Dispose();
    }
}
