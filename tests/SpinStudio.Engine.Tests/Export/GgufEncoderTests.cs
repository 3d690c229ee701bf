using System.Buffers.Binary;
using SpinStudio.Engine.Export;

namespace SpinStudio.Engine.Tests.Export;

public sealed class GgufEncoderTests
{
    [Fact]
    public void A_block_of_q8_0_is_a_scale_and_whole_numbers_nearest_to_the_values()
    {
        float[] values = [.. Enumerable.Range(0, 64).Select(i => MathF.Sin(i * 1.7f) * (i < 32 ? 3 : 0.01f))];
        var bytes = new byte[GgufTypes.Bytes(GgufType.Q80, values.Length)];
        GgufEncoder.Write(values, GgufType.Q80, bytes, "t");

        Assert.Equal(68, bytes.Length);
        for (var block = 0; block < 2; block++)
        {
            var largest = values[(32 * block)..(32 * block + 32)].Max(MathF.Abs);
            var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes.AsSpan(34 * block));
            Assert.InRange(scale, largest / 127 * 0.999f, largest / 127 * 1.001f);
            for (var i = 0; i < 32; i++)
                Assert.InRange((sbyte)bytes[34 * block + 2 + i] * scale, values[32 * block + i] - scale * 0.57f, values[32 * block + i] + scale * 0.57f);
            Assert.Contains(bytes[(34 * block + 2)..(34 * block + 34)], q => Math.Abs((int)(sbyte)q) == 127);
        }
    }

    [Fact]
    public void A_block_of_zeros_stays_zero()
    {
        var bytes = new byte[34];
        GgufEncoder.Write(new float[32], GgufType.Q80, bytes, "t");
        Assert.All(bytes, value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(1.00390625f, 0x3F80)] // halfway between 1 and 1.0078125: to even
    [InlineData(1.01171875f, 0x3F82)] // halfway between 1.0078125 and 1.015625: to even
    [InlineData(-2.5f, 0xC020)]
    [InlineData(float.PositiveInfinity, 0x7F80)]
    public void Bf16_rounds_to_the_nearest_and_ties_to_even(float value, int bits)
    {
        var bytes = new byte[2];
        GgufEncoder.Write([value], GgufType.Bf16, bytes, "t");
        Assert.Equal(bits, BinaryPrimitives.ReadUInt16LittleEndian(bytes));
    }

    [Fact]
    public void A_value_that_f16_cannot_hold_is_refused_with_its_tensor()
    {
        var refused = Assert.Throws<BadInputException>(() => GgufEncoder.Write([70_000f], GgufType.F16, new byte[2], "blk.0.attn_q.weight"));
        Assert.Contains("tensor blk.0.attn_q.weight has the value 70000", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("F32", new byte[] { 0, 0, 0x80, 0x3F }, 1f)]
    [InlineData("BF16", new byte[] { 0x20, 0xC0 }, -2.5f)]
    [InlineData("F16", new byte[] { 0, 0x3C }, 1f)]
    public void Stored_values_are_read_as_they_are(string dtype, byte[] stored, float value)
    {
        var values = new float[1];
        GgufEncoder.Read(stored, dtype, values);
        Assert.Equal(value, values[0]);
    }
}
