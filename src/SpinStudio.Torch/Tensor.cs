namespace SpinStudio.Torch;

/// <summary>
/// A dense array of numbers with, where asked for, a gradient. Names and meanings are PyTorch's, as TorchSharp writes them in C#; a member
/// ending in an underscore changes the tensor itself and returns it.
/// </summary>
/// <remarks>
/// A tensor belongs to the innermost <see cref="DisposeScope"/> of the thread that made it, else to the caller, who disposes it. One that is
/// forgotten is freed in the end, but the garbage collector sees a small object and is in no hurry.
/// </remarks>
public sealed partial class Tensor : IDisposable
{
    private DisposeScope? _scope;
    private int _place;

    internal Tensor(nint native)
    {
        TensorHandle.DrainForgotten();
        Handle = new TensorHandle(native);
        EnterScope(DisposeScope.Current);
    }

    internal TensorHandle Handle { get; }

    /// <summary>How many native tensors this process holds through the binding.</summary>
    public static long TotalCount
    {
        get
        {
            TensorHandle.DrainForgotten();
            return Interop.spin_live_tensors();
        }
    }

    /// <summary>Frees the native tensor. Its memory goes when the last view and the autograd graph let go of it.</summary>
    public void Dispose()
    {
        LeaveScope();
        Handle.Dispose();
    }

    /// <summary>Lets this tensor outlive the current scope of its making, in the next outer one. Returns it.</summary>
    public Tensor MoveToOuterDisposeScope()
    {
        var outer = _scope?.Outer;
        LeaveScope();
        EnterScope(outer);
        return this;
    }

    /// <summary>Takes this tensor out of all scopes: whoever holds it disposes it. Returns it.</summary>
    public Tensor DetachFromDisposeScope()
    {
        LeaveScope();
        return this;
    }

    internal void DisposeByScope()
    {
        _scope = null;
        Handle.Dispose();
    }

    private void EnterScope(DisposeScope? scope)
    {
        _scope = scope;
        if (scope is not null)
            _place = scope.Add(this);
    }

    private void LeaveScope()
    {
        _scope?.Remove(_place);
        _scope = null;
    }
}
