namespace SpinStudio.Torch;

public sealed unsafe partial class Tensor
{
    /// <summary>Whether operators on this tensor are recorded for <see cref="backward()"/>.</summary>
    public bool requires_grad
    {
        get
        {
            TorchException.ThrowIfFailed(Interop.spin_requires_grad(Handle, out var value), "requires_grad", this);
            return value != 0;
        }
        set => TorchException.ThrowIfFailed(Interop.spin_set_requires_grad(Handle, value ? 1 : 0), "requires_grad", this);
    }

    /// <summary>
    /// The gradient that <see cref="backward()"/> has accumulated here, else null. Each reading gives a new handle to the same memory. Setting it
    /// shares memory too; null clears it.
    /// </summary>
    public Tensor? grad
    {
        get
        {
            TorchException.ThrowIfFailed(Interop.spin_grad(Handle, out var native), "grad", this);
            return native == 0 ? null : new Tensor(native);
        }

        set
        {
            try
            {
                TorchException.ThrowIfFailed(Interop.spin_set_grad(Handle, value?.Handle.Hold() ?? 0), "grad", this);
            }
            finally
            {
                if (value?.Handle.IsClosed == false)
                    value.Handle.DangerousRelease();
            }
        }
    }

    public Tensor requires_grad_(bool requires_grad = true)
    {
        this.requires_grad = requires_grad;
        return this;
    }

    /// <summary>Adds the gradient of this scalar to the <see cref="grad"/> of each leaf that it depends on.</summary>
    public void backward() => torch.autograd.backward([this], [null]);

    /// <summary>Adds the gradient of <c>sum(this * gradient)</c> to the <see cref="grad"/> of each leaf; <paramref name="gradient"/> has this tensor's shape.</summary>
    public void backward(Tensor gradient, bool retain_graph = false) => torch.autograd.backward([this], [gradient], retain_graph);
}
