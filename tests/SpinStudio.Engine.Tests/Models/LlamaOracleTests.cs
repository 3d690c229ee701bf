using System.Text.Json;
using SpinStudio.Engine.DataParallel;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Models;

/// <summary>The decoder, its log-probs, the SPIN loss, every gradient and ten optimizer steps, against Oracle/make_llama_fixtures.py.</summary>
public sealed class LlamaOracleTests
{
    private static readonly JsonElement Fixture = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Oracle", "llama.json"))).RootElement;

    private static readonly TokenPair[] Pairs =
    [
        .. Fixture.GetProperty("pairs").EnumerateArray().Select(p => new TokenPair("", Ints(p[0]), Ints(p[1]), Ints(p[2]))),
    ];

    private static readonly ReferenceLogProbs Reference = new(
        [.. Fixture.GetProperty("reference").EnumerateArray().Select(r => r[0].GetSingle())], [.. Fixture.GetProperty("reference").EnumerateArray().Select(r => r[1].GetSingle())]);

    private static double Beta => Fixture.GetProperty("beta").GetDouble();

    public static TheoryData<string> Cases => [.. Fixture.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];

    [Theory, MemberData(nameof(Cases))]
    public void Logits_equal_the_oracle(string name)
    {
        var (oracle, model) = Case(name);
        using var _ = model;
        using var scope = torch.NewDisposeScope();
        var ids = Fixture.GetProperty("ids").EnumerateArray().Select(Ints).ToArray();
        var packed = new PackedSequences();
        foreach (var row in ids)
            packed.Add(row);
        var logits = model.Logits(model.Forward(packed));
        for (var row = 0; row < ids.Length; row++)
            AssertClose(oracle.GetProperty("logits")[row], logits.select(0, packed.Offsets[row + 1] - 1).contiguous().data<float>(), 2e-5);
    }

    /// <summary>Prompts read whole, then a token at a time, in slots that do not stand in the order of the sequences.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void With_a_cache_every_position_is_as_without(string name)
    {
        var (_, model) = Case(name);
        using var _1 = model;
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var ids = Fixture.GetProperty("ids").EnumerateArray().Select(Ints).ToArray();
        var packed = new PackedSequences();
        foreach (var row in ids)
            packed.Add(row);
        var whole = model.Logits(model.Forward(packed));
        using var cache = new KeyValueCache(model.Config, slots: 3, capacity: 8, ScalarType.Float32);
        const int Prompt = 4;
        Compare(Step(0, Prompt), 0, Prompt);
        for (var t = Prompt; t < ids[0].Length; t++)
            Compare(Step(t, 1), t, 1);

        Tensor Step(int first, int count) => model.Logits(model.Forward(
            torch.tensor([.. ids.SelectMany(row => row[first..(first + count)]).Select(id => (long)id)]),
            torch.tensor([.. ids.SelectMany(_ => Enumerable.Range(first, count)).Select(t => (long)t)]),
            torch.tensor([.. ids.SelectMany((_, row) => Enumerable.Repeat(2L - row, count))]), cache));

        void Compare(Tensor logits, int first, int count)
        {
            for (var row = 0; row < ids.Length; row++)
                for (var t = 0; t < count; t++)
                {
                    var expected = whole.select(0, packed.Offsets[row] + first + t).contiguous().data<float>();
                    var actual = logits.select(0, row * count + t).contiguous().data<float>();
                    for (var i = 0; i < expected.Length; i++)
                        Assert.Equal(expected[i], actual[i], 2e-5f);
                }
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Summed_log_probs_equal_the_oracle(string name)
    {
        var (oracle, model) = Case(name);
        using var _ = model;
        using var scope = torch.NewDisposeScope();
        var (real, generated) = SpinObjective.LogProbs(model, Pairs, [0, 1, 2]);
        for (var i = 0; i < Pairs.Length; i++)
            AssertClose(oracle.GetProperty("log_probs")[i], [real.select(0, i).item<float>(), generated.select(0, i).item<float>()], 2e-5);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Loss_and_every_gradient_equal_the_oracle(string name)
    {
        var (oracle, model) = Case(name);
        using var _ = model;
        using var scope = torch.NewDisposeScope();
        var gradients = model.Parameters.RequireGradients();
        var loss = Objective(microBatches: [[0, 1, 2]]).Loss(model, 0, new Metrics()) / 3.0;
        Assert.Equal(oracle.GetProperty("loss").GetDouble(), loss.item<float>(), 2e-5);
        loss.backward();
        foreach (var expected in oracle.GetProperty("gradients").EnumerateObject())
        {
            var gradient = model.Parameters.Part(gradients, expected.Name);
            var norm = expected.Value.GetProperty("norm").GetDouble();
            Assert.Equal(norm, gradient.norm().item<float>(), norm * 1e-4);
            AssertClose(expected.Value.GetProperty("first"), gradient.reshape(-1).data<float>()[..4], 1e-4 * norm);
        }
    }

    /// <summary>The same trajectory whether the step is one micro-batch or three accumulated ones.</summary>
    [Theory]
    [InlineData("tied, grouped queries", OptimizerKind.AdamW, 3)]
    [InlineData("tied, grouped queries", OptimizerKind.AdamW, 1)]
    [InlineData("separate head, one key head", OptimizerKind.RmsProp, 3)]
    [InlineData("llama3 scaling", OptimizerKind.RmsProp, 1)]
    public void Ten_training_steps_follow_the_oracle(string name, OptimizerKind kind, int microBatchSize)
    {
        var (oracle, model) = Case(name);
        using var _ = model;
        var adamW = kind == OptimizerKind.AdamW;
        var config = new RunConfig
        {
            Model = "", Dataset = "", Optimizer = kind, WeightDecay = adamW ? 0.01 : 0, LearningRate = [adamW ? 2e-3 : 1e-3], WarmupRatio = 0,
            // A schedule so long that its decay does not show.
            ScheduleEpochs = 1_000_000, Epochs = 10, BatchSize = 3, MicroBatchSize = microBatchSize, MaxGradNorm = 1,
        };
        using var optimizer = new FlatOptimizer(kind, config.WeightDecay, model.Parameters);
        var losses = new List<double>();
        new Trainer(model, Objective([.. Enumerable.Range(0, 3).Chunk(microBatchSize)]), optimizer, config, 0, Ranks.Alone).Train(new TrainingPosition(0, 0, 0), (metrics, _) =>
        {
            losses.Add(metrics.Values["loss"]!.Value);
            return true;
        });
        AssertClose(oracle.GetProperty(adamW ? "adamw" : "rmsprop"), [.. losses.Select(l => (float)l)], 2e-3);
    }

    /// <summary>The first-step check belongs to runs whose reference is the policy; here it is not.</summary>
    private sealed class OracleObjective(int[][] microBatches) : Objective
    {
        private readonly SpinObjective _spin = new(Pairs, microBatches, Reference, new SpinLoss(SpinLossType.Sigmoid, Beta));

        public override int Count => _spin.Count;

        public override int Weight(int microBatch) => _spin.Weight(microBatch);

        public override int Tokens(int microBatch) => _spin.Tokens(microBatch);

        public override IEnumerable<string> PromptIds(int microBatch) => _spin.PromptIds(microBatch);

        public override Tensor Loss(LlamaModel model, int microBatch, Metrics metrics) => _spin.Loss(model, microBatch, metrics);
    }

    private static OracleObjective Objective(int[][] microBatches) => new(microBatches);

    private static (JsonElement Oracle, LlamaModel Model) Case(string name)
    {
        var oracle = Fixture.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        var path = Path.Combine(Path.GetTempPath(), $"config-{Guid.NewGuid():N}.json");
        File.WriteAllText(path, oracle.GetProperty("config").GetRawText());
        var config = ModelConfig.Load(path);
        File.Delete(path);
        return (oracle, TinyModel.ByFormula(config));
    }

    private static void AssertClose(JsonElement expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.GetArrayLength(), actual.Length);
        for (var i = 0; i < actual.Length; i++)
            Assert.Equal(expected[i].GetDouble(), actual[i], tolerance);
    }

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetInt32())];
}
