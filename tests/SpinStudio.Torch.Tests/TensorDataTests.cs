using System.Runtime.InteropServices;
using Xunit;

namespace SpinStudio.Torch.Tests;

public sealed class TensorDataTests
{
    [Fact]
    public void A_tensor_holds_a_copy_of_what_it_was_made_from()
    {
        using var scope = torch.NewDisposeScope();
        float[] source = [1, 2, 3, 4, 5, 6];
        var tensor = torch.tensor(source, [2, 3]);
        source[0] = 9;

        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], tensor.data<float>().ToArray());
        Assert.Equal([2L, 3L], tensor.shape);
        Assert.Equal(6, tensor.numel());
        Assert.Equal(3, tensor.size(-1));
        Assert.Equal([3L, 1L], tensor.stride());
        Assert.Equal(2, tensor.ndim);
        Assert.Equal(torch.CPU, tensor.device);
        Assert.Equal("Float32[2, 3]", tensor.ToString());
    }

    [Fact]
    public void Values_of_every_type_make_tensors_of_that_type()
    {
        using var scope = torch.NewDisposeScope();
        Assert.Equal(ScalarType.Float32, torch.tensor(1f).dtype);
        Assert.Equal(ScalarType.Float64, torch.tensor(1.0).dtype);
        Assert.Equal(ScalarType.Int64, torch.tensor(1L).dtype);
        Assert.Equal(ScalarType.Int32, torch.tensor(1).dtype);
        Assert.Equal(ScalarType.Bool, torch.tensor(true).dtype);
        Assert.Equal(ScalarType.Byte, torch.tensor<byte>([1]).dtype);
        Assert.Equal(ScalarType.Float16, torch.tensor<Half>([(Half)1]).dtype);
        Assert.Equal(ScalarType.BFloat16, torch.tensor<float>([1], ScalarType.BFloat16).dtype);
        Assert.Equal([2L, 2L], torch.tensor(new long[,] { { 1, 2 }, { 3, 4 } }).shape);
        Assert.Equal(4, torch.tensor(new long[,] { { 1, 2 }, { 3, 4 } }).max().item<long>());
    }

    [Fact]
    public void Raw_bytes_make_a_tensor_and_come_back()
    {
        using var scope = torch.NewDisposeScope();
        ushort[] bits = [0x3f80, 0xc000, 0x7f80];
        var tensor = torch.from_bytes(MemoryMarshal.AsBytes<ushort>(bits), [3], ScalarType.BFloat16);

        Assert.Equal(bits, tensor.data<ushort>().ToArray());
        Assert.Equal([1f, -2f, float.PositiveInfinity], tensor.to(ScalarType.Float32).data<float>().ToArray());
        Assert.Equal(6, tensor.bytes().Length);
    }

    [Fact]
    public void Tensors_are_made_on_the_default_device()
    {
        Assert.Equal(torch.CPU, torch.get_default_device());
        torch.set_default_device(torch.CPU);
        using var made = torch.zeros([1]);
        Assert.Equal(torch.get_default_device(), made.device);
    }

    [Fact]
    public void Bits_are_seen_as_another_type()
    {
        using var scope = torch.NewDisposeScope();
        var bits = torch.tensor([1f, -2f]).view(ScalarType.Int32);

        Assert.Equal([0x3f800000, unchecked((int)0xc0000000)], bits.data<int>().ToArray());
    }

    [Fact]
    public unsafe void Raw_memory_makes_a_tensor()
    {
        using var scope = torch.NewDisposeScope();
        var numbers = stackalloc long[] { 4, 5 };
        var tensor = torch.from_pointer((nint)numbers, [2], ScalarType.Int64);
        numbers[0] = 0;
        Assert.Equal([4L, 5L], tensor.data<long>().ToArray());
        Assert.Equal(4, *(long*)tensor.data_ptr());
    }

    [Fact]
    public void Too_few_bytes_are_refused_with_both_counts()
    {
        var error = Assert.Throws<ArgumentException>(() => torch.from_bytes([1, 2, 3], [2], ScalarType.Float32));
        Assert.Contains("Float32[2] needs 8 bytes, not 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_without_elements_or_dimensions_work()
    {
        using var scope = torch.NewDisposeScope();
        var empty = torch.tensor<float>([], [0, 3]);
        Assert.Equal(0, empty.numel());
        Assert.True(empty.data<float>().IsEmpty);
        Assert.Equal(0f, empty.sum().item<float>());
        Assert.Empty(torch.tensor(2f).shape);
        Assert.Equal([2L, 0L], torch.empty([2, 0]).shape);
        Assert.Equal([0L, 3L], torch.empty_like(empty).shape);
    }

    [Fact]
    public void Writing_through_the_span_changes_the_tensor_and_its_views()
    {
        using var scope = torch.NewDisposeScope();
        var tensor = torch.zeros([2, 2]);
        var view = tensor.select(0, 1);
        tensor.data<float>()[3] = 7;
        Assert.Equal(7f, view.sum().item<float>());
    }

    [Fact]
    public void Spans_of_the_wrong_type_or_layout_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        var tensor = torch.zeros([2, 3]);
        Assert.Contains("data<Double>() of Float32[2, 3]", Assert.Throws<TorchException>(() => tensor.data<double>().Length).Message, StringComparison.Ordinal);
        var transposed = tensor.transpose(0, 1);
        Assert.False(transposed.is_contiguous());
        Assert.True(transposed.contiguous().is_contiguous());
        Assert.Contains("call contiguous()", Assert.Throws<TorchException>(() => transposed.bytes().Length).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_only_element_converts()
    {
        using var scope = torch.NewDisposeScope();
        var half = torch.tensor(1.5f, ScalarType.BFloat16);
        Assert.Equal(1.5f, half.item<float>());
        Assert.Equal(1.5f, half.ToSingle());
        Assert.Equal(1.5, half.ToDouble());
        Assert.Equal(long.MaxValue, torch.tensor(long.MaxValue).ToInt64());
        Assert.Equal(7, torch.tensor(7L).item<int>());
        Assert.True(torch.tensor(true).ToBoolean());
        Assert.Throws<TorchException>(() => torch.zeros([2]).item<float>());
    }

    [Fact]
    public void A_copy_to_the_same_device_in_another_type_converts()
    {
        using var scope = torch.NewDisposeScope();
        var moved = torch.tensor<float>([1.25f]).to(torch.CPU, ScalarType.Float64);
        Assert.Equal(ScalarType.Float64, moved.dtype);
        Assert.Equal(1.25, moved.item<double>());
    }
}
