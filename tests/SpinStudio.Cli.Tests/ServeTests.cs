using System.ClientModel;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;

namespace SpinStudio.Cli.Tests;

/// <summary>serve, asked by the official OpenAI client and by hand.</summary>
public sealed class ServeTests(ServeTests.Served served) : IClassFixture<ServeTests.Served>
{
    private const string Question = "Tell me a story in two sentences about Maya, a merry girl with a goat and a book.";

    [Fact]
    public async Task A_greedy_chat_answer_is_that_of_generate()
    {
        using var folder = new TemporaryFolder();
        folder.Write("prompts.txt", Question + "\n");
        (await Spinstudio.Run("generate", "--model", served.Model, "--prompts", folder["prompts.txt"], "--out", folder["answers.jsonl"], "--temperature", "0", "--max-new-tokens", "80", "--dtype", "fp32")).Success();
        var expected = (string)JsonNode.Parse(await File.ReadAllTextAsync(folder["answers.jsonl"]))!["generated"]!;

        var answer = (await served.Client().CompleteChatAsync([new UserChatMessage(Question)], new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 80 })).Value;
        Assert.Equal(expected, answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(answer.Usage.TotalTokenCount, answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount);
        Assert.InRange(answer.Usage.OutputTokenCount, 5, 80);
    }

    [Fact]
    public async Task Streamed_pieces_make_the_whole_answer_and_carry_its_log_probs()
    {
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 40, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 };
        var whole = (await served.Client().CompleteChatAsync([new UserChatMessage(Question)], options)).Value;
        var text = new StringBuilder();
        var tokens = new List<ChatTokenLogProbabilityDetails>();
        await foreach (var update in served.Client().CompleteChatStreamingAsync([new UserChatMessage(Question)], options))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            tokens.AddRange(update.ContentTokenLogProbabilities);
        }

        Assert.Equal(whole.Content[0].Text, text.ToString());
        Assert.Equal(whole.ContentTokenLogProbabilities.Select(token => token.Token), tokens.Select(token => token.Token));
        Assert.Equal(whole.Content[0].Text, string.Concat(tokens.Select(token => token.Token)));
        Assert.All(tokens, token =>
        {
            Assert.InRange(token.LogProbability, float.NegativeInfinity, 0);
            Assert.Equal(3, token.TopLogProbabilities.Count);
            Assert.Equal(token.Token, token.TopLogProbabilities[0].Token); // greedy: the drawn one is the likeliest
        });
    }

    /// <summary>A given answer is held as likely as it was when it was drawn, and two scores are the sums of their parts.</summary>
    [Fact]
    public async Task A_given_answer_is_scored_as_when_it_was_drawn()
    {
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 80, IncludeLogProbabilities = true, TopLogProbabilityCount = 2 };
        var drawn = (await served.Client().CompleteChatAsync([new UserChatMessage(Question)], options)).Value;
        Assert.Equal(ChatFinishReason.Stop, drawn.FinishReason);

        object[] messages = [new { role = "user", content = Question }];
        var (status, score) = await PostAsync("/v1/score", new { messages, answer = drawn.Content[0].Text, top_logprobs = 2 });
        Assert.Equal(HttpStatusCode.OK, status);
        var pieces = score["pieces"]!.AsArray();
        Assert.Equal(drawn.Content[0].Text, string.Concat(pieces.Select(piece => (string)piece!["text"]!)));
        Assert.Equal(drawn.ContentTokenLogProbabilities.Sum(token => (double)token.LogProbability), pieces.Sum(piece => (double)piece!["logprob"]!), 1e-3);
        Assert.All(pieces, piece => Assert.Equal(2, piece!["top_logprobs"]!.AsArray().Count));
        Assert.Equal((double)score["logprob"]!, pieces.Sum(piece => (double)piece!["logprob"]!) + (double)score["end_logprob"]!, 1e-9);

        var other = (await PostAsync("/v1/score", new { messages, answer = "Bananas repair the moon." })).Body;
        Assert.True((double)other["logprob"]! < (double)score["logprob"]!);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("/v1/score", new { messages })).Status);
    }

    [Fact]
    public async Task Many_at_once_get_what_each_gets_alone()
    {
        var questions = Enumerable.Range(0, 12).Select(i => $"Write a sentence about the number {i}.").ToList();
        async Task<string> AskAsync(string question) =>
            (await served.Client().CompleteChatAsync([new UserChatMessage(question)], new ChatCompletionOptions { MaxOutputTokenCount = 30, Temperature = 0 })).Value.Content[0].Text;
        var together = await Task.WhenAll(questions.Select(AskAsync));
        for (var i = 0; i < questions.Count; i++)
            Assert.Equal(await AskAsync(questions[i]), together[i]);
    }

    [Fact]
    public async Task A_seed_draws_the_same_answers_again_and_n_draws_several()
    {
        async Task<string[]> DrawAsync(int seed) =>
            [.. (await PostAsync("/v1/completions", new { prompt = "Once there was", max_tokens = 16, seed, n = 3 })).Body["choices"]!.AsArray().Select(choice => (string)choice!["text"]!)];
        var first = await DrawAsync(7);
        Assert.Equal(first, await DrawAsync(7));
        Assert.NotEqual(first, await DrawAsync(8));
        Assert.True(first.Distinct().Count() > 1, "the answers of one request must not share their draws");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_text_ends_the_answer_and_is_not_part_of_it(bool stream)
    {
        var plain = (string)(await PostAsync("/v1/completions", new { prompt = "Once there was", max_tokens = 40, temperature = 0 })).Body["choices"]![0]!["text"]!;
        var stop = plain[8..14];
        string text;
        if (stream)
        {
            using var response = await served.Http.PostAsJsonAsync("/v1/completions", new { prompt = "Once there was", max_tokens = 40, temperature = 0, stop, stream = true });
            var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line["data: ".Length..]).ToList();
            Assert.Equal("[DONE]", events[^1]);
            text = string.Concat(events.SkipLast(1).Select(line => (string)JsonNode.Parse(line)!["choices"]![0]!["text"]!));
            Assert.Equal("stop", (string)JsonNode.Parse(events[^2])!["choices"]![0]!["finish_reason"]!);
        }
        else
        {
            var choice = (await PostAsync("/v1/completions", new { prompt = "Once there was", max_tokens = 40, temperature = 0, stop = new[] { "never said", stop } })).Body["choices"]![0]!;
            text = (string)choice["text"]!;
            Assert.Equal("stop", (string)choice["finish_reason"]!);
        }

        Assert.Equal(plain[..plain.IndexOf(stop, StringComparison.Ordinal)], text);
    }

    [Theory]
    [InlineData("""{"messages":[]}""", 400, "at least one message")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":"hot"}""", 400, "temperature must be a number from 0 to 10 (got \"hot\")")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_tokens":0}""", 400, "max_tokens must be a whole number from 1")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}""", 400, "only text is understood")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[{}]}""", 400, "tools is not supported")]
    [InlineData("""{"model":"other","messages":[{"role":"user","content":"x"}]}""", 404, "'other' is not served here")]
    [InlineData("""{"messages":""", 400, "no JSON")]
    public async Task A_wrong_request_is_refused_by_its_field(string body, int status, string says)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await served.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(says, (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_another_site_is_not_answered()
    {
        using var plain = new StringContent("""{"messages":[{"role":"user","content":"x"}]}""", Encoding.UTF8, "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await served.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), plain)).StatusCode);
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        rebound.Headers.Host = "evil.example";
        Assert.Equal(HttpStatusCode.BadRequest, (await served.Http.SendAsync(rebound)).StatusCode);
    }

    [Fact]
    public async Task A_unix_socket_serves_too_and_a_signal_ends_it_in_order()
    {
        using var folder = new TemporaryFolder();
        var socket = folder["s"];
        using var process = Spinstudio.Start("serve", "--model", served.Model, "--socket", socket, "--name", "mine", "--slots", "2");
        Assert.Contains("Serving mine on unix:", await process.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                return new NetworkStream(connection, ownsSocket: true);
            },
        });
        Assert.Contains("\"mine\"", await http.GetStringAsync(new Uri("http://localhost/v1/models")), StringComparison.Ordinal);
        using (Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
        }

        Assert.Equal(0, (await Spinstudio.Finish(process)).ExitCode);
    }

    private async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(string path, object body)
    {
        using var response = await served.Http.PostAsJsonAsync(path, body);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

#pragma warning disable CA1001 // xunit disposes of it through IAsyncLifetime.
    /// <summary>The bundled sample model, served for all tests of the class.</summary>
    public sealed class Served : IAsyncLifetime
#pragma warning restore CA1001
    {
        private Process? _process;
        private HttpClient? _http;

        public string Model { get; } = Path.Combine(Spinstudio.Repository, "samples", "model");

        public HttpClient Http => _http!;

        public async Task InitializeAsync()
        {
            _process = Spinstudio.Start("serve", "--model", Model, "--port", "0", "--dtype", "fp32");
            var line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await _process.StandardError.ReadToEndAsync());
            _http = new HttpClient { BaseAddress = new Uri(line.Split(" on ")[1].Split(": ")[0]) };
        }

        public ChatClient Client() => new("model", new ApiKeyCredential("none needed"), new OpenAIClientOptions { Endpoint = new Uri(Http.BaseAddress!, "/v1") });

        public async Task DisposeAsync()
        {
            _process!.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
            _http!.Dispose();
        }
    }
}
