using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tests.Models;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Generation;

public sealed class GeneratorTests
{
    private static readonly int[][] Prompts = [.. Enumerable.Range(0, 23).Select(i => Enumerable.Range(0, 3 + i * 7 % 11).Select(t => (i * 31 + t * 17) % 58 + 3).ToArray())];

    /// <summary>Cached decoding with refilled slots gives the very tokens of the plain way: the whole sequence forward again for each token.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Cached_decoding_equals_the_uncached_forward(double temperature)
    {
        using var model = TinyModel.ByFormula();
        var config = new GenerationConfig { Temperature = temperature, MaxNewTokens = 20, BatchSize = 5 };
        var answers = new Generator(model, config, [2]).Answer(Requests());

        var sampler = new TokenSampler();
        for (var i = 0; i < Prompts.Length; i++)
        {
            var stream = RandomStream.From(7, i);
            var ids = new List<int>(Prompts[i]);
            using var noGrad = torch.no_grad();
            while (ids.Count - Prompts[i].Length < config.MaxNewTokens && (ids.Count == Prompts[i].Length || ids[^1] != 2))
            {
                using var scope = torch.NewDisposeScope();
                var packed = new PackedSequences();
                packed.Add([.. ids]);
                ids.Add(sampler.Draw(config, model.Logits(model.Forward(packed).narrow(0, ids.Count - 1, 1)).data<float>(), stream.NextDouble()));
            }
            Assert.Equal(ids.Skip(Prompts[i].Length), answers[i].Ids);
            Assert.Equal(ids[^1] == 2, answers[i].EndedByEos);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(64)]
    public void Answers_do_not_depend_on_the_batch_size(int batchSize)
    {
        using var model = TinyModel.ByFormula();
        var config = new GenerationConfig { MaxNewTokens = 24, BatchSize = 7 };
        var expected = new Generator(model, config, [2, 5]).Answer(Requests());
        var actual = new Generator(model, config with { BatchSize = batchSize }, [2, 5]).Answer(Requests());
        Assert.Equal(expected.Select(a => string.Join(' ', a.Ids)), actual.Select(a => string.Join(' ', a.Ids)));
        Assert.Contains(expected, a => a.EndedByEos);
        Assert.True(expected.Select(a => string.Join(' ', a.Ids.Take(6))).Distinct().Count() > 15, "rows must not share their draws");
    }

    [Fact]
    public void Finish_reason_tells_an_end_from_a_cut()
    {
        using var model = TinyModel.ByFormula();
        var everything = Enumerable.Range(0, 61);
        var ended = new Generator(model, new GenerationConfig { MaxNewTokens = 9 }, everything).Answer(Requests());
        Assert.All(ended, a => Assert.Equal((1, "stop"), (a.Ids.Length, a.FinishReason)));
        var cut = new Generator(model, new GenerationConfig { MaxNewTokens = 1 }, []).Answer(Requests());
        Assert.All(cut, a => Assert.Equal((1, "length"), (a.Ids.Length, a.FinishReason)));
    }

    [Fact]
    public void A_prompt_beyond_the_positions_is_refused_by_number()
    {
        using var model = TinyModel.ByFormula();
        var generator = new Generator(model, new GenerationConfig { MaxNewTokens = 100 }, [2]);
        var error = Assert.Throws<BadInputException>(() => generator.Answer([new(Prompts[0], default), new(new int[29], default)]));
        Assert.Contains("prompt 2 has 29 tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains("128 positions", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Alone, beside a much longer sequence, or sharing its prompt with another answer: a log-prob is the same.</summary>
    [Fact]
    public void What_stands_beside_an_answer_does_not_change_its_log_prob()
    {
        using var model = TinyModel.ByFormula();
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        int[] prompt = [5, 9, 1], answer = [33, 60, 2], other = [7];
        var alone = LogProbs(batch => batch.Add(prompt, answer))[0];
        Assert.Equal(alone, LogProbs(batch => { batch.Add([.. Enumerable.Range(3, 50)], [.. Enumerable.Range(3, 40)]); batch.Add(prompt, answer); })[1], 1e-5);
        Assert.Equal(alone, LogProbs(batch => batch.Add(prompt, other, answer))[1], 1e-5);

        float[] LogProbs(Action<AnswerBatch> fill)
        {
            var batch = new AnswerBatch();
            fill(batch);
            return batch.LogProbs(model).data<float>().ToArray();
        }
    }

    private static List<GenerationRequest> Requests() => [.. Prompts.Select((prompt, i) => new GenerationRequest(prompt, RandomStream.From(7, i)))];
}
