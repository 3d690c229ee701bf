using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using SpinStudio.Engine.Models;
using Xunit;

namespace SpinStudio.Engine.Tests.Models;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void What_is_written_is_read_back()
    {
        var path = _folder.In("x.safetensors");
        var a = new byte[24];
        new Random(1).NextBytes(a);
        using (var writer = new SafetensorsWriter(path, [new("a", "F32", [2, 3]), new("empty", "BF16", [0, 7]), new("scalar", "I64", [])], new Dictionary<string, string> { ["format"] = "pt" }))
        {
            writer.Write("a", a.AsSpan(0, 10));
            writer.Write("a", a.AsSpan(10));
            writer.Write("empty", []);
            writer.Write("scalar", BitConverter.GetBytes(42L));
            Assert.Equal(writer.Complete(), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
        }

        using var file = SafetensorsFile.Open(path);
        Assert.Equal(["a", "empty", "scalar"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([2L, 3L], file.Find("a")!.Shape);
        Assert.Equal(a, file.Bytes("a").ToArray());
        Assert.Equal(0, file.Bytes("empty").Length);
        Assert.Equal(42L, BitConverter.ToInt64(file.Bytes("scalar")));
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Null(file.Find("b"));
        Assert.Throws<BadInputException>(() => file.Pointer("b"));
    }

    [Fact]
    public void The_same_tensors_give_the_same_bytes_with_aligned_data()
    {
        foreach (var name in (string[])["one", "two"])
        {
            using var writer = new SafetensorsWriter(_folder.In(name), [new("wéight", "F32", [1])], new Dictionary<string, string> { [name == "one" ? "b" : "a"] = "x", [name == "one" ? "a" : "b"] = "x" });
            writer.Write("wéight", [1, 2, 3, 4]);
            writer.Complete();
        }
        var bytes = File.ReadAllBytes(_folder.In("one"));
        Assert.Equal(bytes, File.ReadAllBytes(_folder.In("two")));
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(bytes) % 8);
    }

    [Fact]
    public void An_abandoned_write_leaves_nothing()
    {
        using (var writer = new SafetensorsWriter(_folder.In("x"), [new("a", "U8", [2])]))
        {
            writer.Write("a", [1]);
            Assert.Throws<InvalidOperationException>(() => writer.Write("b", [1]));
            Assert.Throws<InvalidOperationException>(() => writer.Write("a", [1, 2]));
            Assert.Throws<InvalidOperationException>(() => writer.Complete());
        }
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void The_python_package_s_layout_is_read()
    {
        // The example of the format's own description: header, then data at byte offset 8 + header length.
        var path = Raw("""{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}""", new byte[16]);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(16, file.Bytes("test").Length);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 3, "trailing bytes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 3, "truncated")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}""", 3, "hole")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,3]}}""", 3, "needs 8 bytes, but its data_offsets span 3")]
    [InlineData("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}""", 3, "header is not valid")]
    [InlineData("""{"a":{"dtype":"F99","shape":[3],"data_offsets":[0,3]}}""", 3, "unknown dtype 'F99'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-3],"data_offsets":[0,3]}}""", 3, "whole numbers >= 0")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}}""", 0, "too large")]
    [InlineData("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[3,0]}}""", 3, "rising order")]
    [InlineData("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3],"x":1}}""", 3, "unknown key 'x'")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "must be a string")]
    [InlineData("""{"a":[]}""", 0, "must be an object")]
    [InlineData("""{"a":{"dtype":"U8","shape":[[[[[1]]]]],"data_offsets":[0,3]}}""", 3, "header is not valid")]
    [InlineData("""{"a":}""", 0, "header is not valid")]
    public void A_header_that_breaks_a_rule_is_refused(string header, int dataBytes, string expected) => Refused(Raw(header, new byte[dataBytes]), expected);

    [Fact]
    public void A_header_length_past_the_limits_is_refused_at_once()
    {
        var bytes = new byte[64];
        bytes[8] = (byte)'{';
        foreach (var length in (long[])[0, -1, long.MaxValue, long.MinValue, 100_000_001])
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
            var watch = Stopwatch.StartNew();
            Refused(_folder.Write("x.safetensors", bytes), "header length");
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5));
        }
        BinaryPrimitives.WriteInt64LittleEndian(bytes, 57);
        Refused(_folder.Write("x.safetensors", bytes), "reaches past the end");
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused()
    {
        var header = Encoding.UTF8.GetBytes("""{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""");
        header[2] = 0xFF;
        Refused(Raw(header, []), "header is not valid");
    }

    [Theory]
    [InlineData("PK\u0003\u0004xxxxxxxx", "is a pickle/zip checkpoint; only safetensors are read")]
    [InlineData("\u0080\u0002}q\u0001xxxxxxx", "is a pickle/zip checkpoint; only safetensors are read")]
    [InlineData("GGUF\u0003xxxxxxxx", "is a GGUF file")]
    [InlineData("version https://git-lfs.github.com/spec/v1", "is a Git LFS pointer")]
    [InlineData("hello", "is not a safetensors file")]
    [InlineData("", "is not a safetensors file")]
    public void Other_formats_are_named(string start, string expected) => Refused(_folder.Write("x.safetensors", Encoding.Latin1.GetBytes(start)), expected);

    [Fact]
    public void Random_damage_never_reads_outside_the_file()
    {
        var good = File.ReadAllBytes(Raw("""{"a":{"dtype":"U8","shape":[2,4],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", new byte[16]));
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            var damaged = (byte[])good.Clone();
            for (var hits = random.Next(1, 4); hits > 0; hits--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                using var file = SafetensorsFile.Open(_folder.Write("x.safetensors", damaged));
                foreach (var tensor in file.Tensors)
                    Assert.Equal(tensor.Bytes, file.Bytes(tensor.Name).Length);
                Assert.Equal(16, file.Tensors.Sum(tensor => tensor.Bytes));
            }
            catch (BadInputException)
            {
                continue;
            }
        }
    }

    /// <summary>Headers that are JSON, but say something else: a tensor that is told lies within the file and has the bytes of its shape, whatever the header says.</summary>
    [Fact]
    public void Random_headers_are_read_soundly_or_refused()
    {
        var random = new Random(8);
        string[] numbers = ["0", "1", "2", "4", "8", "16", "-1", "1.5", "1e2", "9223372036854775807", "18446744073709551616", "\"8\"", "null", "[]"];
        string[] dtypes = ["\"U8\"", "\"F32\"", "\"BF16\"", "\"I64\"", "\"F4\"", "8", "null"];
        var (read, refused) = (0, 0);
        for (var i = 0; i < 1500; i++)
        {
            var offset = 0;
            var tensors = Enumerable.Range(0, random.Next(1, 4)).Select(n =>
            {
                var sound = random.Next(3) > 0;
                var (from, bytes) = (offset, 4 * random.Next(3));
                offset += bytes;
                return sound ? $"\"t{n}\":{{\"dtype\":\"F32\",\"shape\":[{bytes / 4}],\"data_offsets\":[{from},{from + bytes}]}}"
                    : $"\"t{random.Next(3)}\":{{\"dtype\":{Pick(dtypes)},\"shape\":[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Pick(numbers)))}],\"data_offsets\":[{Pick(numbers)},{Pick(numbers)}]}}";
            });
            var path = Raw("{" + string.Join(',', tensors) + "}", new byte[random.Next(4) == 0 ? random.Next(40) : offset]);
            try
            {
                using var file = SafetensorsFile.Open(path);
                Assert.All(file.Tensors, tensor => Assert.Equal(tensor.Shape.Aggregate(1L, (product, size) => product * size) * TensorInfo.BytesPerElement(tensor.Dtype), file.Bytes(tensor.Name).Length));
                read++;
            }
            catch (BadInputException e)
            {
                Assert.DoesNotContain('\n', e.Message);
                refused++;
            }
        }
        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused");

        string Pick(string[] from) => from[random.Next(from.Length)];
    }

    public void Dispose() => _folder.Dispose();

    private static void Refused(string path, string expected) =>
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => SafetensorsFile.Open(path)).Message, StringComparison.Ordinal);

    private string Raw(string header, byte[] data) => Raw(Encoding.UTF8.GetBytes(header), data);

    private string Raw(byte[] header, byte[] data) => _folder.Write("x.safetensors", [.. BitConverter.GetBytes((long)header.Length), .. header, .. data]);
}
