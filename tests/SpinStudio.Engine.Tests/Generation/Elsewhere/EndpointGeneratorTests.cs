using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Generation.Elsewhere;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Testing;

namespace SpinStudio.Engine.Tests.Generation.Elsewhere;

public sealed class EndpointGeneratorTests
{
    private static readonly ConversationEncoder Encoder = ConversationEncoder.Load(Checkout.In("samples", "model"));

    [Fact]
    public void Prompts_that_a_server_renders_otherwise_are_counted()
    {
        var example = new Example("Sort: 3 1 2", "1 2 3");
        var prompt = Encoder.EncodePrompt(example);
        using var server = new FaultyServer(FaultyServer.ChatAnswer("1 2 3", prompt.Length), FaultyServer.ChatAnswer("1 2 3", prompt.Length + 9), FaultyServer.ChatAnswer("1 2 3", promptTokens: 0));
        using var endpoint = new OpenAiEndpoint(server.Address);
        var generator = new EndpointGenerator(endpoint, "m", Encoder, new GenerationConfig { EndpointApi = EndpointApi.Chat, BatchSize = 1 });

        var answers = generator.Answer([.. Enumerable.Range(0, 4).Select(i => new GenerationRequest(prompt, RandomStream.From(i), example))]);

        Assert.Equal((4, 1), generator.Prompts);
        Assert.All(answers, answer => Assert.Equal(Encoder.Encode(example).Answer, answer.Ids));
        Assert.All(server.Paths, path => Assert.Equal("/v1/chat/completions", path));
    }
}
