using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Models;

[Collection(nameof(Dropping))]
public sealed class CheckpointedLayersTests
{
    private static readonly TokenPair[] Pairs = [new("a", [5, 9, 1], [33, 60, 2], [11, 2]), new("b", [8, 0], [44, 13, 2], [44, 21, 3, 17])];

    /// <summary>Two accumulated micro-batches of pairs that share their prompt; a tied head is used twice.</summary>
    [Theory]
    [InlineData(ScalarType.Float32, 0, true)]
    [InlineData(ScalarType.Float32, 0, false)]
    [InlineData(ScalarType.Float32, 4, true)]
    [InlineData(ScalarType.BFloat16, 0, true)]
    [InlineData(ScalarType.BFloat16, 4, false)]
    public void Gradients_are_the_same_to_the_bit(ScalarType dtype, int rank, bool tied)
    {
        using var scope = torch.NewDisposeScope();
        var plain = Gradients(checkpointing: false);
        var again = Gradients(checkpointing: true);
        Assert.NotEqual(0, plain.abs().sum().item<float>());
        Assert.True(plain.eq(again).all().item<bool>());

        Tensor Gradients(bool checkpointing)
        {
            var config = TinyModel.Config with { TieWordEmbeddings = tied };
            using var model = rank == 0 ? TinyModel.ByFormula(config, dtype) : LowRankAdapterTests.Filled(dtype, new LoraConfig { Rank = rank, Dropout = 0.2 }, config);
            model.GradientCheckpointing = checkpointing;
            var gradients = model.Trained.RequireGradients();
            foreach (var i in new[] { 0, 1 })
            {
                using var dropping = model.Adapters?.Dropping(RandomStream.From(7, i));
                var (real, generated) = SpinObjective.LogProbs(model, Pairs, [i]);
                model.Backward((real - generated * 0.5).sum());
            }
            return gradients.to(ScalarType.Float64);
        }
    }

    [Fact]
    public void Without_gradients_nothing_is_kept()
    {
        using var model = TinyModel.ByFormula();
        model.GradientCheckpointing = true;
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        Assert.False(SpinObjective.LogProbs(model, Pairs, [0]).Real.requires_grad);
    }
}
