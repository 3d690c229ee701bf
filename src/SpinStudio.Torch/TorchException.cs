namespace SpinStudio.Torch;

/// <summary>libtorch refused or failed. The message names the operator and the type and shape of each tensor that it was given.</summary>
public sealed class TorchException : Exception
{
    public TorchException(string message)
        : base(message)
    {
    }

    public TorchException(string message, string operatorName)
        : base(message) => Operator = operatorName;

    /// <summary>The operator with its overload, such as <c>add.Tensor</c>; null when the failure was none of an operator's.</summary>
    public string? Operator { get; }

    /// <summary>Throws with libtorch's message when <paramref name="status"/> is not 0.</summary>
    internal static void ThrowIfFailed(int status, string operation, Tensor? subject = null)
    {
        if (status != 0)
            throw new TorchException($"{operation}({subject?.Describe()}): {NativeText.LastError()}", operation);
    }
}
