using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>
/// Keys and values of the sequences being decoded, preallocated: for each layer one slab [slots, kv_heads, capacity, head_dim].
/// A slot is refilled as soon as its answer ends; nothing is ever moved or concatenated.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly Tensor[] _keys, _values;
    private readonly Tensor _slotRows;
    private readonly long _slots, _heads, _headDim;

    public KeyValueCache(ModelConfig config, int slots, int capacity, ScalarType dtype)
    {
        (_slots, _heads, _headDim, Capacity) = (slots, config.KeyValueHeads, config.HeadDim, capacity);
        Tensor Slab() => torch.zeros([_slots, _heads, capacity, _headDim], dtype).DetachFromDisposeScope();
        _keys = [.. Enumerable.Range(0, config.Layers).Select(_ => Slab())];
        _values = [.. Enumerable.Range(0, config.Layers).Select(_ => Slab())];
        using var scope = torch.NewDisposeScope();
        _slotRows = (torch.arange(_slots * _heads, ScalarType.Int64) * (long)capacity).view([_slots, _heads]).DetachFromDisposeScope();
    }

    /// <summary>Positions a slot can hold.</summary>
    public int Capacity { get; }

    /// <summary>Bytes that a cache of this size takes.</summary>
    public static long Bytes(ModelConfig config, int slots, int capacity, int bytesPerValue) =>
        2L * config.Layers * slots * config.KeyValueHeads * capacity * config.HeadDim * bytesPerValue;

    /// <summary>Puts the keys and values of whole prompts, [n, kv_heads, time, d], into slots [n] from position 0.</summary>
    public void Fill(int layer, Tensor slots, Tensor k, Tensor v)
    {
        var time = k.shape[2];
        _keys[layer].narrow(2, 0, time).index_copy_(0, slots, k);
        _values[layer].narrow(2, 0, time).index_copy_(0, slots, v);
    }

    /// <summary>Where the next keys and values go if each slot stands at its position [slots]: row numbers in the flattened slab, [slots · kv_heads].</summary>
    public Tensor Rows(Tensor positions) => (_slotRows + positions.unsqueeze(1)).flatten();

    /// <summary>Writes one key and value a slot, [slots, kv_heads, 1, d], and gives back the first <paramref name="span"/> positions of all slots.</summary>
    public (Tensor Keys, Tensor Values) Append(int layer, Tensor rows, Tensor k, Tensor v, long span)
    {
        Write(_keys[layer], k);
        Write(_values[layer], v);
        return (_keys[layer].narrow(2, 0, span), _values[layer].narrow(2, 0, span));

        void Write(Tensor slab, Tensor x) => slab.view([-1, _headDim]).index_copy_(0, rows, x.reshape([_slots * _heads, _headDim]));
    }

    public void Dispose()
    {
        foreach (var slab in _keys.Concat(_values))
            slab.Dispose();
        _slotRows.Dispose();
    }
}
