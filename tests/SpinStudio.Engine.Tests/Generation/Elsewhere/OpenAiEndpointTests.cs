using System.Text.Encodings.Web;
using SpinStudio.Engine.Generation.Elsewhere;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Tests.Generation.Elsewhere;

public sealed class OpenAiEndpointTests
{
    private static readonly GenerationConfig Settings = new() { Temperature = 0.5, TopP = 0.9, TopK = 7, MaxNewTokens = 11 };

    [Fact]
    public async Task Servers_that_are_busy_fail_hang_up_or_stammer_are_asked_again()
    {
        using var server = new FaultyServer(
            FaultyServer.Status(503), FaultyServer.Status(429, "slow down", retryAfter: "0"), FaultyServer.HangUp, FaultyServer.Status(200, "{\"choices\": [{"), FaultyServer.Answer("done", "length"));
        using var endpoint = Open(server, "secret");

        var completion = await endpoint.CompleteAsync("m", [5, 6], Settings, 99);

        Assert.Equal(new Completion("done", Ended: false, Tokens: 3, PromptTokens: 2), completion);
        Assert.Equal(5, server.Asked.Count);
        Assert.All(server.Keys, key => Assert.Equal("Bearer secret", key));
        Assert.Equal("""{"model":"m","prompt":[5,6],"max_tokens":11,"temperature":0.5,"top_p":0.9,"seed":99,"top_k":7}""", server.Asked[^1]!.ToJsonString());
    }

    [Fact]
    public async Task A_chat_goes_as_messages_and_is_answered_by_one()
    {
        using var server = new FaultyServer(FaultyServer.Status(503), FaultyServer.ChatAnswer("done", promptTokens: 40));
        using var endpoint = Open(server);

        var completion = await endpoint.ChatAsync("m", [new ChatMessage("system", "Be brief."), new ChatMessage("user", "Why? <|end|>")], Settings, 99);

        Assert.Equal(new Completion("done", Ended: true, Tokens: 3, PromptTokens: 40), completion);
        Assert.Equal(["/v1/chat/completions", "/v1/chat/completions"], server.Paths);
        Assert.Equal(
            """{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Why? <|end|>"}],"max_tokens":11,"temperature":0.5,"top_p":0.9,"seed":99,"top_k":7}""",
            server.Asked[^1]!.ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    [Theory]
    [InlineData("{\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}]}")]
    [InlineData("{\"choices\":[{\"message\":{\"content\":null},\"finish_reason\":\"stop\"}]}")]
    public async Task A_chat_without_text_is_no_answer(string body)
    {
        using var server = new FaultyServer(FaultyServer.Status(200, body));
        using var endpoint = Open(server);

        var failure = await Assert.ThrowsAsync<EndpointException>(() => endpoint.ChatAsync("m", [new ChatMessage("user", "Why?")], Settings, 0));

        Assert.Contains("does not answer like an OpenAI-compatible server: {\"choices\"", failure.Message, StringComparison.Ordinal);
        Assert.Single(server.Asked);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up_with_what_it_said()
    {
        using var server = new FaultyServer(FaultyServer.Status(500, "no\nGPU"));
        using var endpoint = Open(server);

        var failure = await Assert.ThrowsAsync<EndpointException>(() => endpoint.CompleteAsync("m", [1], Settings, 0));

        Assert.Equal($"{server.Address} answered 500: no GPU (asked 8 times)", failure.Message);
        Assert.Equal(8, server.Asked.Count);
    }

    [Theory]
    [InlineData(400, "{\"error\":\"prompt too long\"}", "answered 400: {\"error\":\"prompt too long\"}")]
    [InlineData(401, "", "answered 401")]
    [InlineData(302, "", "answered 302")]
    [InlineData(200, "[1]", "does not answer like an OpenAI-compatible server: [1]")]
    [InlineData(200, "{\"choices\":[]}", "does not answer like an OpenAI-compatible server")]
    [InlineData(200, "{\"choices\":[{\"text\":\"a\",\"finish_reason\":\"content_filter\"}]}", "finish_reason 'content_filter'")]
    public async Task What_will_not_pass_is_told_at_once(int status, string body, string said)
    {
        using var server = new FaultyServer(FaultyServer.Status(status, body));
        using var endpoint = Open(server);

        var failure = await Assert.ThrowsAsync<EndpointException>(() => endpoint.CompleteAsync("m", [1], Settings, 0));

        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.Single(server.Asked);
    }

    [Fact]
    public async Task Models_are_listed_by_name()
    {
        using var server = new FaultyServer(FaultyServer.Status(200, """{"object":"list","data":[{"id":"a"},{"id":"/b/c"}]}"""));
        using var endpoint = Open(server);

        Assert.Equal(["a", "/b/c"], await endpoint.ModelsAsync());
    }

    [Fact]
    public async Task A_stop_ends_the_waiting()
    {
        using var server = new FaultyServer(FaultyServer.Status(503, retryAfter: "600"));
        using var endpoint = Open(server);
        using var stop = new CancellationTokenSource();

        var waiting = endpoint.CompleteAsync("m", [1], Settings, 0, stop.Token);
        while (server.Asked.Count == 0) await Task.Yield();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private static OpenAiEndpoint Open(FaultyServer server, string? key = null) => new(server.Address, key, firstWait: TimeSpan.FromMilliseconds(1));
}
