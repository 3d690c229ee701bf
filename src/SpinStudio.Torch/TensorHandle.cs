using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace SpinStudio.Torch;

/// <summary>
/// Owns a native tensor. Disposing frees it at once; a forgotten one is only queued by the finalizer thread, and freed by the next thread that
/// makes a tensor or ends a scope, because freeing may run autograd destructors that do not belong on the finalizer thread.
/// </summary>
internal sealed class TensorHandle : SafeHandle
{
    private static readonly ConcurrentQueue<nint> s_forgotten = new();
    private static int s_forgottenCount;
    private bool _finalizing;

    internal TensorHandle(nint native)
        : base(0, ownsHandle: true) => SetHandle(native);

    public override bool IsInvalid => handle == 0;

    /// <summary>Frees what finalizers have queued.</summary>
    internal static void DrainForgotten()
    {
        if (Volatile.Read(ref s_forgottenCount) == 0)
            return;
        while (s_forgotten.TryDequeue(out var native))
        {
            Interlocked.Decrement(ref s_forgottenCount);
            Interop.spin_tensor_free(native);
        }
    }

    /// <summary>The native tensor, kept alive until <see cref="SafeHandle.DangerousRelease"/>.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    internal nint Hold()
    {
        var held = false;
        DangerousAddRef(ref held);
        return handle;
    }

    protected override void Dispose(bool disposing)
    {
        _finalizing = !disposing;
        base.Dispose(disposing);
    }

    protected override bool ReleaseHandle()
    {
        if (_finalizing)
        {
            s_forgotten.Enqueue(handle);
            Interlocked.Increment(ref s_forgottenCount);
        }
        else
        {
            Interop.spin_tensor_free(handle);
        }
        return true;
    }
}
