namespace SpinStudio.Torch;

public static unsafe partial class torch
{
    /// <summary>Stops recording for gradients on this thread until the result is disposed.</summary>
    public static IDisposable no_grad() => new GradMode(false);

    /// <summary>Records for gradients on this thread, also inside <see cref="no_grad"/>, until the result is disposed.</summary>
    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    /// <summary>
    /// As <see cref="no_grad"/>, and products of few rows take a kernel of their own, which reads the weights once: for decoding, where its rounding, another
    /// than that of the products in training, does no harm.
    /// </summary>
    public static IDisposable inference_mode() => new InferenceMode();

    /// <summary>Whether this thread is inside <see cref="inference_mode"/>.</summary>
    public static bool is_inference_mode_enabled() => InferenceMode.Depth > 0;

    /// <summary>Whether operators on this thread are recorded.</summary>
    public static bool is_grad_enabled() => Interop.spin_grad_enabled() != 0;

    /// <summary>Gradients of several tensors at once.</summary>
    public static class autograd
    {
        /// <summary>
        /// Adds the gradient of <c>Σᵢ sum(tensors[i] · grad_tensors[i])</c> to the leaves. A null gradient stands for 1 and is for scalars only.
        /// The graph is freed unless <paramref name="retain_graph"/>.
        /// </summary>
        public static void backward(ReadOnlySpan<Tensor> tensors, ReadOnlySpan<Tensor?> grad_tensors, bool retain_graph = false)
        {
            if (tensors.Length != grad_tensors.Length)
                throw new ArgumentException($"{tensors.Length} tensors need as many gradients, not {grad_tensors.Length}.", nameof(grad_tensors));
            nint[] outputs = new nint[tensors.Length], gradients = new nint[tensors.Length];
            int heldOutputs = 0, heldGradients = 0, status;
            try
            {
                for (; heldOutputs < tensors.Length; heldOutputs++)
                    outputs[heldOutputs] = tensors[heldOutputs].Handle.Hold();
                for (; heldGradients < tensors.Length; heldGradients++)
                    gradients[heldGradients] = grad_tensors[heldGradients]?.Handle.Hold() ?? 0;
                fixed (nint* roots = outputs, seeds = gradients)
                    status = Interop.spin_backward(roots, seeds, tensors.Length, retain_graph ? 1 : 0);
            }
            finally
            {
                foreach (var tensor in tensors[..heldOutputs])
                    tensor.Handle.DangerousRelease();
                foreach (var tensor in grad_tensors[..heldGradients])
                    tensor?.Handle.DangerousRelease();
            }
            TorchException.ThrowIfFailed(status, "backward", tensors.Length == 1 ? tensors[0] : null);
        }
    }

    private sealed class InferenceMode : IDisposable
    {
        [ThreadStatic]
        internal static int Depth;

        private readonly IDisposable _noGrad = no_grad();
        private bool _left;

        internal InferenceMode() => Depth++;

        public void Dispose()
        {
            if (!_left) Depth--;
            _left = true;
            _noGrad.Dispose();
        }
    }

    private sealed class GradMode : IDisposable
    {
        private readonly bool _before = is_grad_enabled();
        private bool _restored;

        internal GradMode(bool enabled) => Interop.spin_set_grad_enabled(enabled ? 1 : 0);

        public void Dispose()
        {
            if (!_restored)
                Interop.spin_set_grad_enabled(_before ? 1 : 0);
            _restored = true;
        }
    }
}
