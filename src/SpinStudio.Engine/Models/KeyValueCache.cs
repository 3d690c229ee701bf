using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>
/// Keys and values of the sequences being decoded, preallocated: for each layer one slab [slots, kv_heads, capacity, head_dim].
/// A slot is refilled as soon as its answer ends; nothing is ever moved or concatenated.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)[] _layers;

    public KeyValueCache(ModelConfig config, int slots, int capacity, ScalarType dtype)
    {
        Capacity = capacity;
        Tensor Slab() => torch.zeros([slots, config.KeyValueHeads, capacity, config.HeadDim], dtype).DetachFromDisposeScope();
        _layers = [.. Enumerable.Range(0, config.Layers).Select(_ => (Slab(), Slab()))];
    }

    /// <summary>Positions a slot can hold.</summary>
    public int Capacity { get; }

    /// <summary>The slabs of a layer.</summary>
    public (Tensor Keys, Tensor Values) this[int layer] => _layers[layer];

    /// <summary>Bytes that a cache of this size takes.</summary>
    public static long Bytes(ModelConfig config, int slots, int capacity, int bytesPerValue) =>
        2L * config.Layers * slots * config.KeyValueHeads * capacity * config.HeadDim * bytesPerValue;

    public void Dispose()
    {
        foreach (var (keys, values) in _layers)
        {
            keys.Dispose();
            values.Dispose();
        }
    }
}
