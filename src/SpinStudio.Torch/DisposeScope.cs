namespace SpinStudio.Torch;

/// <summary>
/// Disposes, at its end, every tensor that its thread has made since it was opened, except those moved out
/// (<see cref="Tensor.MoveToOuterDisposeScope"/>) or detached. Scopes nest and belong to the thread that opened them. Made by <see cref="torch.NewDisposeScope"/>.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic]
    private static DisposeScope? t_current;

    private readonly DisposeScope? _outer = t_current;
    private readonly List<Tensor?> _tensors = [];
    private bool _disposed;

    internal DisposeScope() => t_current = this;

    internal static DisposeScope? Current => t_current;

    /// <summary>How many tensors this scope would dispose now.</summary>
    public int Count => _tensors.Count(tensor => tensor is not null);

    public void Dispose()
    {
        if (_disposed)
            return;
        if (t_current != this)
            throw new InvalidOperationException("A dispose scope ends on the thread that opened it, after the scopes opened inside it.");
        _disposed = true;
        t_current = _outer;
        foreach (var tensor in _tensors)
            tensor?.DisposeByScope();
        TensorHandle.DrainForgotten();
    }

    internal DisposeScope? Outer => _outer;

    /// <summary>Takes the tensor in; returns its place, which <see cref="Remove"/> wants back.</summary>
    internal int Add(Tensor tensor)
    {
        _tensors.Add(tensor);
        return _tensors.Count - 1;
    }

    internal void Remove(int place)
    {
        if (_disposed)
            return;
        _tensors[place] = null;
        while (_tensors.Count > 0 && _tensors[^1] is null)
            _tensors.RemoveAt(_tensors.Count - 1);
    }
}
