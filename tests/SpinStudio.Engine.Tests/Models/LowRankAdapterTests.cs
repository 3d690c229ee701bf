using System.Text.Json;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Models;

/// <summary>Low-rank adapters, against Oracle/make_lora_fixtures.py and against the model that they stand beside.</summary>
[Collection(nameof(Dropping))]
public sealed class LowRankAdapterTests
{
    private static readonly JsonElement Fixture = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Oracle", "lora.json"))).RootElement;

    private static readonly TokenPair[] Pairs = [.. Fixture.GetProperty("pairs").EnumerateArray().Select(p => new TokenPair("", Ints(p[0]), Ints(p[1]), Ints(p[2])))];

    private static readonly LoraConfig Everywhere = new() { Rank = 4, Alpha = 8 };

    public static TheoryData<string> Cases => [.. Fixture.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];

    [Theory, MemberData(nameof(Cases))]
    public void Log_probs_loss_and_gradients_equal_the_oracle(string name)
    {
        var oracle = Fixture.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        using var model = Case(oracle);
        using var scope = torch.NewDisposeScope();
        var gradients = model.Trained.RequireGradients();
        var (real, generated) = SpinObjective.LogProbs(model, Pairs, [0, 1, 2]);
        for (var i = 0; i < Pairs.Length; i++)
        {
            Assert.Equal(oracle.GetProperty("log_probs")[i][0].GetDouble(), real.select(0, i).item<float>(), 3e-5);
            Assert.Equal(oracle.GetProperty("log_probs")[i][1].GetDouble(), generated.select(0, i).item<float>(), 3e-5);
        }
        var reference = Fixture.GetProperty("reference").EnumerateArray().ToList();
        var referenceMargin = torch.tensor([.. reference.Select(r => r[0].GetSingle() - r[1].GetSingle())], [3]);
        var loss = -torch.nn.functional.logsigmoid((real - generated - referenceMargin) * Fixture.GetProperty("beta").GetDouble()).mean();
        Assert.Equal(oracle.GetProperty("loss").GetDouble(), loss.item<float>(), 2e-5);
        model.Backward(loss);
        var expected = oracle.GetProperty("gradients").EnumerateObject().ToList();
        Assert.Equal(expected.Select(e => e.Name).Order(), model.Trained.Tensors.Select(t => t.Name).Order());
        foreach (var (tensor, value) in expected.Select(e => (e.Name, e.Value)))
        {
            var gradient = model.Trained.Part(gradients, tensor);
            var norm = value.GetProperty("norm").GetDouble();
            Assert.Equal(norm, gradient.norm().item<float>(), norm * 1e-4);
            for (var i = 0; i < 4; i++)
                Assert.Equal(value.GetProperty("first")[i].GetDouble(), gradient.reshape(-1).data<float>()[i], 1e-4 * norm);
        }
        Assert.Null(model.Parameters.Gradients);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Fresh_adapters_leave_the_model_as_it_is_to_the_bit(ScalarType dtype)
    {
        using var plain = TinyModel.ByFormula(dtype: dtype);
        using var adapted = TinyModel.ByFormula(dtype: dtype, adapters: Everywhere);
        adapted.Adapters!.Randomise(RandomStream.From(1));
        using var scope = torch.NewDisposeScope();
        var a = adapted.Adapters.Parameters.Part(adapted.Adapters.Parameters.Weights, LowRankAdapters.NameOfA("model.layers.0.mlp.down_proj")).to(ScalarType.Float32);
        Assert.InRange(a.abs().max().item<float>(), 0.9 / Math.Sqrt(48), 1.01 / Math.Sqrt(48));
        Assert.Equal(LogProbs(plain), LogProbs(adapted));
    }

    [Theory]
    [InlineData(ScalarType.Float32, 2e-5f)]
    [InlineData(ScalarType.BFloat16, 0.3f)]
    public void Merged_they_are_added_in_fp32_and_rounded_once(ScalarType dtype, float tolerance)
    {
        using var folder = new TemporaryFolder();
        using var plain = TinyModel.ByFormula(dtype: dtype);
        using var adapted = Filled(dtype);
        Directory.CreateDirectory(folder.In("companions"));
        LlamaModelFiles.Save(plain, folder.In("companions"), folder.In("base"));
        AdapterFiles.Save(adapted.Adapters!, adapted.Adapters!.Parameters.Weights, "base", folder.In("adapter"));
        using var merged = AdapterFiles.LoadMerged(folder.In("base"), folder.In("adapter"), dtype);
        using var scope = torch.NewDisposeScope();

        foreach (var module in adapted.Adapters.Modules)
        {
            var w = Part(plain.Parameters, module + ".weight").to(ScalarType.Float64);
            var a = Part(adapted.Adapters.Parameters, LowRankAdapters.NameOfA(module)).to(ScalarType.Float64);
            var b = Part(adapted.Adapters.Parameters, LowRankAdapters.NameOfB(module)).to(ScalarType.Float64);
            var exact = (w + b.matmul(a) * 2.0).to(ScalarType.Float32);
            var actual = Part(merged.Parameters, module + ".weight").to(ScalarType.Float32);
            // One rounding: in bf16 to 8 bits; where exact and fp32 arithmetic fall on either side of a tie, to the neighbour.
            var limit = exact.abs() * (dtype == ScalarType.Float32 ? 1e-6 : 1.0 / 256) + 1e-7;
            Assert.True((actual - exact).abs().le(limit).all().item<bool>(), module);
        }
        Assert.True(Part(merged.Parameters, "model.embed_tokens.weight").eq(Part(plain.Parameters, "model.embed_tokens.weight")).all().item<bool>());
        foreach (var (one, other) in LogProbs(adapted).Zip(LogProbs(merged)))
            Assert.Equal(one, other, tolerance);
    }

    [Fact]
    public void What_is_dropped_follows_from_the_seed_and_stops_with_it()
    {
        using var model = Filled(ScalarType.Float32, Everywhere with { Dropout = 0.5 });
        var whole = LogProbs(model);
        Assert.Equal(Dropped(1), Dropped(1));
        Assert.NotEqual(Dropped(1), Dropped(2));
        Assert.NotEqual(whole, Dropped(1));
        Assert.Equal(whole, LogProbs(model));

        float[] Dropped(long seed)
        {
            using var dropping = model.Adapters!.Dropping(RandomStream.From(seed));
            return LogProbs(model);
        }
    }

    /// <summary>Adapters of a tenth of a sine each, none zero.</summary>
    internal static LlamaModel Filled(ScalarType dtype, LoraConfig? settings = null, ModelConfig? config = null)
    {
        var model = TinyModel.ByFormula(config, dtype, settings ?? Everywhere);
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var (k, module) in model.Adapters!.Modules.Index())
        {
            Fill(LowRankAdapters.NameOfA(module), 2 * k);
            Fill(LowRankAdapters.NameOfB(module), 2 * k + 1);
        }
        return model;

        void Fill(string name, int k)
        {
            var part = Part(model.Adapters.Parameters, name);
            part.copy_(torch.tensor([.. Enumerable.Range(0, (int)part.numel()).Select(i => (float)(0.1 * Math.Sin(i * 0.3 + 0.9 * k)))], part.shape));
        }
    }

    private static float[] LogProbs(LlamaModel model)
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var (real, generated) = SpinObjective.LogProbs(model, Pairs, [0, 1, 2]);
        return [.. real.contiguous().data<float>(), .. generated.contiguous().data<float>()];
    }

    private static Tensor Part(FlatParameters parameters, string name) => parameters.Part(parameters.Weights, name);

    private static LlamaModel Case(JsonElement oracle)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", oracle.GetProperty("config").GetRawText());
        return Filled(ScalarType.Float32, new LoraConfig
        {
            Rank = oracle.GetProperty("rank").GetInt32(), Alpha = oracle.GetProperty("alpha").GetDouble(), Rslora = oracle.GetProperty("rslora").GetBoolean(),
            Targets = [.. oracle.GetProperty("targets").EnumerateArray().Select(t => t.GetString()!)],
        }, ModelConfig.Load(folder.In("config.json")));
    }

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetInt32())];
}
