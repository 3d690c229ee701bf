using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SpinStudio.Testing;

/// <summary>A question to the judge, as its prompt shows it.</summary>
/// <param name="Asked">How often this very question has come, from 1.</param>
internal sealed record JudgeQuestion(string Text, string Prompt, string A, string B, int Asked);

/// <summary>An OpenAI-compatible server on the loopback address whose verdicts a test decides.</summary>
internal sealed partial class ScriptedJudge : IDisposable
{
    private readonly LoopbackServer server;
    private readonly ConcurrentDictionary<string, int> asked = new();

    /// <param name="answer">Answers a question: a status, and a text (the judge's words with status 200); a status of 0 hangs up.</param>
    public ScriptedJudge(Func<JudgeQuestion, Task<(int Status, string Text)>> answer) => server = new LoopbackServer(context => AnswerAsync(context, answer));

    public ScriptedJudge(Func<JudgeQuestion, (int Status, string Text)> answer) : this(question => Task.FromResult(answer(question)))
    {
    }

    public string Address => new Uri(server.Address, "v1").AbsoluteUri;

    public ConcurrentQueue<string?> Keys { get; } = [];

    /// <summary>How often each question came.</summary>
    public IReadOnlyDictionary<string, int> Asked => asked;

    public void Dispose() => server.Dispose();

    private async Task AnswerAsync(HttpListenerContext context, Func<JudgeQuestion, Task<(int Status, string Text)>> answer)
    {
        if (context.Request.ContentLength64 < 0)
        {
            context.Response.StatusCode = 411;
            context.Response.Close();
            return;
        }

        Keys.Enqueue(context.Request.Headers["Authorization"]);
        using var reader = new StreamReader(context.Request.InputStream);
        var text = (string)JsonNode.Parse(await reader.ReadToEndAsync())!["messages"]![0]!["content"]!;
        var parts = Parts().Match(text);
        var (status, said) = await answer(new JudgeQuestion(text, parts.Groups["prompt"].Value, parts.Groups["a"].Value, parts.Groups["b"].Value, asked.AddOrUpdate(text, 1, (_, before) => before + 1)));
        if (status == 0)
        {
            context.Response.Abort();
            return;
        }

        context.Response.StatusCode = status;
        if (status == 429)
        {
            context.Response.Headers["Retry-After"] = "0";
        }

        if (status == 302)
        {
            context.Response.Headers["Location"] = said;
        }

        var body = status == 200
            ? new JsonObject
            {
                ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = said }, ["finish_reason"] = "stop" }),
                ["usage"] = new JsonObject { ["prompt_tokens"] = 100, ["completion_tokens"] = 10 },
            }.ToJsonString()
            : said;
        context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: true);
    }

    [GeneratedRegex(@"\n(?<f>\[[0-9a-f]{16}\]) prompt\n(?<prompt>.*?)\n\k<f> answer A\n(?<a>.*?)\n\k<f> answer B\n(?<b>.*?)\n\k<f> end\n", RegexOptions.Singleline)]
    private static partial Regex Parts();
}
