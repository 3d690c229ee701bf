namespace SpinStudio.Torch;

/// <summary>Kinds of device, numbered as in libtorch.</summary>
public enum DeviceType
{
    CPU = 0,
    CUDA = 1,
}

/// <summary>Where a tensor lives. An <paramref name="index"/> of -1 is the current device of its kind.</summary>
public sealed record Device(DeviceType type, int index = -1)
{
    public override string ToString() => index < 0 ? type.ToString().ToLowerInvariant() : $"{type.ToString().ToLowerInvariant()}:{index}";
}
