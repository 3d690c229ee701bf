using System.Text;
using SpinStudio.Engine.Export;
using SpinStudio.Engine.Models;
using SpinStudio.Testing;

namespace SpinStudio.Engine.Tests.Export;

public sealed class GgufWriterTests
{
    private static readonly string Sample = Path.Combine(Checkout.Root, "samples", "model");

    [Theory]
    [InlineData(GgufType.F32)]
    [InlineData(GgufType.F16)]
    [InlineData(GgufType.Bf16)]
    [InlineData(GgufType.Q80)]
    public async Task The_file_has_the_length_that_was_told_and_the_same_bytes_each_time(GgufType type)
    {
        var writer = GgufWriter.Open(Sample, type, "sample");
        var first = await BytesAsync(writer);

        Assert.Equal(writer.Length, first.Length);
        Assert.Equal(writer.Length, GgufWriter.Open(Sample, GgufType.F32, "sample").LengthAs(type));
        Assert.Equal("GGUF", Encoding.ASCII.GetString(first, 0, 4));
        Assert.Equal(3, BitConverter.ToInt32(first, 4));
        Assert.Equal(0, first.Length % 32);
        Assert.Equal(first, await BytesAsync(GgufWriter.Open(Sample, type, "sample")));
    }

    [Theory]
    [InlineData("\"individual_digits\": true", "\"individual_digits\": false")]
    [InlineData("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}")]
    [InlineData("\"ignore_merges\": false", "\"ignore_merges\": true")]
    public void A_way_of_cutting_text_that_llama_cpp_has_no_name_for_is_refused(string from, string to)
    {
        using var folder = new TemporaryFolder();
        ModelFolder.Copy(Sample, folder.In("model"));
        var file = Path.Combine(folder.In("model"), "tokenizer.json");
        var changed = File.ReadAllText(file).Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(File.ReadAllText(file), changed);
        File.WriteAllText(file, changed);

        var refused = Assert.Throws<BadInputException>(() => GgufWriter.Open(folder.In("model"), GgufType.F16, "sample"));
        Assert.Contains("has no name in llama.cpp", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_type_is_refused_with_those_that_are_known() =>
        Assert.Contains("f32, f16, bf16, q8_0 are", Assert.Throws<BadInputException>(() => GgufTypes.Parse("q4_0")).Message, StringComparison.Ordinal);

    private static async Task<byte[]> BytesAsync(GgufWriter writer)
    {
        using var stream = new MemoryStream();
        await writer.WriteAsync(stream);
        return stream.ToArray();
    }
}
