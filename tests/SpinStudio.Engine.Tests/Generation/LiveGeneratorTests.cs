using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tests.Models;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Generation;

public sealed class LiveGeneratorTests
{
    private static readonly HashSet<int> Stop = [2];
    private static readonly int[][] Prompts = [.. Enumerable.Range(0, 12).Select(i => Enumerable.Range(0, 3 + i * 5 % 9).Select(t => (i * 29 + t * 13) % 58 + 3).ToArray())];

    /// <summary>Requests that come at any time, with settings of their own, get the very answers that each would get alone.</summary>
    [Fact]
    public async Task Requests_that_come_together_do_not_change_each_other()
    {
        using var model = TinyModel.ByFormula();
        using var generator = new LiveGenerator(model, slots: 3, capacity: 40);
        var configs = Prompts.Select((_, i) => new GenerationConfig { Temperature = i % 3, TopK = i % 2 == 0 ? 0 : 5, MaxNewTokens = 5 + i }).ToArray();
        var answers = await Task.WhenAll(Prompts.Select((prompt, i) => IdsAsync(generator.AnswerAsync(prompt, configs[i], Stop, RandomStream.From(9, i)))));
        for (var i = 0; i < Prompts.Length; i++)
            Assert.Equal(new Generator(model, configs[i], Stop).Answer([new GenerationRequest(Prompts[i], RandomStream.From(9, i))])[0].Ids, answers[i]);
    }

    [Fact]
    public async Task Log_probs_are_those_of_a_plain_forward()
    {
        using var model = TinyModel.ByFormula();
        using var generator = new LiveGenerator(model, slots: 2, capacity: 40);
        var tokens = new List<DrawnToken>();
        await foreach (var token in generator.AnswerAsync(Prompts[0], new GenerationConfig { Temperature = 0.7, MaxNewTokens = 8 }, Stop, RandomStream.From(3), likeliest: 4))
            tokens.Add(token);

        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var packed = new PackedSequences();
        packed.Add([.. Prompts[0], .. tokens.Select(token => token.Id)]);
        var logits = model.Logits(model.Forward(packed));
        for (var t = 0; t < tokens.Count; t++)
        {
            var row = logits.narrow(0, Prompts[0].Length - 1 + t, 1).log_softmax(-1).data<float>().ToArray();
            Assert.Equal(row[tokens[t].Id], tokens[t].LogProb!.Value, 1e-4);
            Assert.Equal(row.Select((value, id) => (value, id)).OrderByDescending(x => x.value).Take(4).Select(x => x.id), tokens[t].Likeliest!.Select(x => x.Id));
        }
    }

    [Fact]
    public async Task A_cancelled_answer_gives_its_slot_to_the_next()
    {
        using var model = TinyModel.ByFormula();
        using var generator = new LiveGenerator(model, slots: 1, capacity: 60);
        using var cancel = new CancellationTokenSource();
        var config = new GenerationConfig { MaxNewTokens = 50 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in generator.AnswerAsync(Prompts[0], config, new HashSet<int>(), RandomStream.From(1), cancel: cancel.Token))
                await cancel.CancelAsync();
        });
        Assert.NotEmpty(await IdsAsync(generator.AnswerAsync(Prompts[1], config, Stop, RandomStream.From(2))));
    }

    [Fact]
    public async Task Too_long_a_prompt_and_too_many_requests_are_refused_and_an_ending_generator_lets_nobody_wait()
    {
        using var model = TinyModel.ByFormula();
        var generator = new LiveGenerator(model, slots: 1, capacity: 40, mostWaiting: 2);
        var tooLong = Assert.Throws<BadInputException>(() => generator.AnswerAsync(new int[36], new GenerationConfig { MaxNewTokens = 5 }, Stop, RandomStream.From(1)));
        Assert.Contains("the prompt has 36 tokens; with 5", tooLong.Message, StringComparison.Ordinal);

        var config = new GenerationConfig { MaxNewTokens = 30 };
        var accepted = new List<Task<List<int>>>();
        var refused = Assert.Throws<GenerationBusyException>(() =>
        {
            for (var i = 0; i < 500; i++)
                accepted.Add(IdsAsync(generator.AnswerAsync(Prompts[0], config, new HashSet<int>(), RandomStream.From(i))));
        });
        Assert.Contains("2 requests wait", refused.Message, StringComparison.Ordinal);
        generator.Dispose();
        foreach (var answer in accepted)
            await Task.WhenAny(answer); // ended or cancelled, but never left waiting
    }

    private static async Task<List<int>> IdsAsync(IAsyncEnumerable<DrawnToken> tokens)
    {
        var ids = new List<int>();
        await foreach (var token in tokens)
            ids.Add(token.Id);
        return ids;
    }
}
