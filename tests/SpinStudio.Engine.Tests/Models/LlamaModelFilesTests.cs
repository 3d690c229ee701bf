using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Models;
using SpinStudio.Torch;
using Xunit;

namespace SpinStudio.Engine.Tests.Models;

public sealed class LlamaModelFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(long.MaxValue, 1)]
    [InlineData(20_000, 4)]
    [InlineData(1, 20)]
    public void Weights_come_back_however_many_files_they_are_saved_in(long largestFile, int expectedFiles)
    {
        using var model = TinyModel.ByFormula();
        Directory.CreateDirectory(_folder.In("source"));
        _folder.Write("source/tokenizer.json", "{}");
        _folder.Write("source/model.safetensors.index.json", "{}");
        var hash = LlamaModelFiles.Save(model, _folder.In("source"), _folder.In("saved"), largestFile);
        var opened = ModelFolder.Open(_folder.In("saved"));
        Assert.Equal(expectedFiles, opened.WeightFiles.Count);
        Assert.Equal(expectedFiles > 1, File.Exists(_folder.In("saved/model.safetensors.index.json")));
        Assert.True(File.Exists(_folder.In("saved/tokenizer.json")));
        Assert.Equal(hash, ModelWeights.Sha256(_folder.In("saved")));
        using var loaded = LlamaModelFiles.Load(_folder.In("saved"), ScalarType.Float32);
        Assert.True(loaded.Parameters.Weights.data<float>().SequenceEqual(model.Parameters.Weights.data<float>()));
        if (expectedFiles > 1)
        {
            var index = JsonNode.Parse(File.ReadAllText(_folder.In("saved/model.safetensors.index.json")))!;
            Assert.Equal(model.Parameters.Count * 4, (long)index["metadata"]!["total_size"]!);
            Assert.Equal(model.Parameters.Tensors.Count(), index["weight_map"]!.AsObject().Count);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Half_precision_weights_are_read_as_what_they_round_to(ScalarType stored)
    {
        using var model = TinyModel.ByFormula();
        Directory.CreateDirectory(_folder.In("saved"));
        model.Config.Save(_folder.In("saved/config.json"));
        using var scope = torch.NewDisposeScope();
        TensorFile.Save(_folder.In("saved/model.safetensors"), [.. model.Parameters.Tensors.Select(t => (t.Name, model.Parameters.Part(model.Parameters.Weights, t.Name).to(stored)))]);
        using var loaded = LlamaModelFiles.Load(_folder.In("saved"), ScalarType.Float32);
        Assert.True(loaded.Parameters.Weights.data<float>().SequenceEqual(model.Parameters.Weights.to(stored).to(ScalarType.Float32).data<float>()));
        Assert.False(loaded.Parameters.Weights.data<float>().SequenceEqual(model.Parameters.Weights.data<float>()));
    }

    /// <summary>A tensor larger than an array holds is copied row by row.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1 << 20)]
    public void A_tensor_is_copied_whole_in_slices_of_any_size(long slice)
    {
        using var scope = torch.NewDisposeScope();
        var values = Enumerable.Range(0, 7 * 5).Select(i => (float)i).ToArray();
        var destination = torch.zeros([7, 5], ScalarType.Float32);
        var pinned = GCHandle.Alloc(values, GCHandleType.Pinned);
        TensorFile.CopyTo(new TensorInfo("x", "F32", [7, 5]), pinned.AddrOfPinnedObject(), destination, slice);
        pinned.Free();
        Assert.True(destination.data<float>().SequenceEqual(values));
    }

    public void Dispose() => _folder.Dispose();
}
