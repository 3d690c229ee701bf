namespace SpinStudio.Torch;

/// <summary>A number as an operator takes it: integral or real. Whether it is one or the other decides, as in PyTorch, if an integer tensor is promoted.</summary>
public readonly struct Scalar : IEquatable<Scalar>
{
    private Scalar(bool isIntegral, long integer, double real)
    {
        IsIntegral = isIntegral;
        Integer = integer;
        Real = real;
    }

    internal bool IsIntegral { get; }

    internal long Integer { get; }

    internal double Real { get; }

    public static implicit operator Scalar(int value) => new(true, value, value);

    public static implicit operator Scalar(long value) => new(true, value, value);

    public static implicit operator Scalar(float value) => new(false, 0, value);

    public static implicit operator Scalar(double value) => new(false, 0, value);

    public static bool operator ==(Scalar left, Scalar right) => left.Equals(right);

    public static bool operator !=(Scalar left, Scalar right) => !left.Equals(right);

    public bool Equals(Scalar other) => IsIntegral == other.IsIntegral && Integer == other.Integer && Real.Equals(other.Real);

    public override bool Equals(object? obj) => obj is Scalar other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(IsIntegral, Integer, Real);
}
