using System.Text.Json;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Tests.Models;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.SelfPlay;

/// <summary>Every loss with its options, through a decoder, against Oracle/make_loss_fixtures.py.</summary>
public sealed class SpinLossOracleTests
{
    private static readonly TokenPair[] Pairs = [new("", [5, 9, 1], [33, 60, 2, 7], [11, 2]), new("", [8, 0], [44, 13, 13], [44, 21, 3, 17, 2]), new("", [30], [31, 32], [29, 28])];

    private static readonly ReferenceLogProbs Reference = new([-7, -11, -8], [-6.5f, -13, -9]);

    private static readonly JsonElement[] Fixtures =
        [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Oracle", "losses.json"))).RootElement.EnumerateArray()];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Fixtures.Length)];

    [Theory, MemberData(nameof(Cases))]
    public void Value_and_every_gradient_equal_the_oracle(int number)
    {
        var oracle = Fixtures[number];
        var loss = new SpinLoss(
            JsonSerializer.Deserialize<SpinLossType>(oracle.GetProperty("loss")), oracle.GetProperty("beta").GetDouble(), oracle.GetProperty("label_smoothing").GetDouble(),
            oracle.GetProperty("length_normalised").GetBoolean(), oracle.GetProperty("sft_weight").GetDouble());
        using var model = TinyModel.ByFormula();
        using var scope = torch.NewDisposeScope();
        var gradients = model.Parameters.RequireGradients();
        var metrics = new Metrics();
        var value = new SpinObjective(Pairs, [[0, 1, 2]], Reference, loss).Loss(model, 0, metrics) / 3.0;
        var expected = oracle.GetProperty("value").GetDouble();
        Assert.Equal(expected, value.item<float>(), 2e-5 * expected);
        if (loss.SftWeight > 0)
            Assert.Equal(oracle.GetProperty("nll").GetDouble(), metrics.Over(3)[MetricNames.Nll], 2e-5);

        value.backward();
        foreach (var tensor in oracle.GetProperty("gradients").EnumerateObject())
        {
            var gradient = model.Parameters.Part(gradients, tensor.Name);
            var norm = tensor.Value.GetProperty("norm").GetDouble();
            Assert.Equal(norm, gradient.norm().item<float>(), norm * 1e-4);
            var first = gradient.reshape(-1).data<float>();
            for (var i = 0; i < 4; i++)
                Assert.Equal(tensor.Value.GetProperty("first")[i].GetDouble(), first[i], norm * 1e-4);
        }
    }
}
