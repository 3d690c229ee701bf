using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Engine;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Models;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Playground;

/// <summary>Asks models of the current user's team, whatever run made them.</summary>
internal sealed class PlaygroundService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, ModelService models, ModelServers servers)
{
    private const int Likeliest = 5;
    private const string Data = "data: ";

    /// <summary>The answer, piece by piece as the model makes it. Not reading to the end stops the model.</summary>
    /// <exception cref="StudioException">The model cannot be loaded, or refuses the conversation.</exception>
    public async IAsyncEnumerable<AnswerPiece> AnswerAsync(
        Guid modelId, IReadOnlyList<PlaygroundMessage> messages, PlaygroundSettings settings, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var lease = await OpenAsync(modelId, cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new
            {
                messages = messages.Select(message => new { role = message.Role, content = message.Content }),
                temperature = settings.Temperature, top_p = settings.TopP, top_k = settings.TopK, max_tokens = settings.MaxTokens, seed = settings.Seed,
                stream = true, logprobs = true, top_logprobs = Likeliest,
            }),
        };
        using var response = await lease.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            throw new StudioException(Refusal.Invalid, await ReasonAsync(response, cancellation));
        }

        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line && line != Data + "[DONE]")
        {
            if (line.StartsWith(Data, StringComparison.Ordinal) && Piece(line[Data.Length..]) is { } piece)
            {
                yield return piece;
            }
        }
    }

    /// <summary>How likely a model holds an answer that is there already, piece by piece.</summary>
    /// <exception cref="StudioException">The model cannot be loaded, or refuses the conversation.</exception>
    public async Task<ScoredAnswer> ScoreAsync(Guid modelId, IReadOnlyList<PlaygroundMessage> messages, string answer, CancellationToken cancellation = default)
    {
        using var lease = await OpenAsync(modelId, cancellation);
        using var response = await lease.Http.PostAsJsonAsync("/v1/score", new
        {
            messages = messages.Select(message => new { role = message.Role, content = message.Content }), answer, top_logprobs = Likeliest,
        }, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            throw new StudioException(Refusal.Invalid, await ReasonAsync(response, cancellation));
        }

        var score = await response.Content.ReadFromJsonAsync<JsonElement>(cancellation);
        return new ScoredAnswer(
            [.. score.GetProperty("pieces").EnumerateArray().Select(piece => new AnswerPiece(piece.GetProperty("text").GetString()!, piece.GetProperty("logprob").GetDouble(), Choices(piece)))],
            score.GetProperty("end_logprob").GetDouble());
    }

    /// <summary>A request of the OpenAI chat API, passed on as it is: for programs.</summary>
    public async Task<(HttpResponseMessage Response, IDisposable Lease)> PassAsync(Guid modelId, JsonElement body, CancellationToken cancellation = default)
    {
        var lease = await OpenAsync(modelId, cancellation);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(body) };
            return (await lease.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation), lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Who else uses the machine now.</summary>
    public async Task<DeviceUse> DeviceUseAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        RunStatus[] working = [RunStatus.Running, RunStatus.Stopping];
        var runs = await db.Runs.Where(run => working.Contains(run.Status)).Select(run => new { run.TeamId, run.Name }).ToListAsync(cancellation);
        return new DeviceUse([.. runs.Select(run => run.TeamId == me.TeamId ? run.Name : "a run of another team")]);
    }

    private async Task<ModelServers.Lease> OpenAsync(Guid modelId, CancellationToken cancellation)
    {
        await currentUser.RequireAsync(TeamRole.Rater, cancellation);
        var (_, folder) = await models.FolderAsync(modelId, cancellation);
        return await servers.UseAsync(modelId, folder, cancellation);
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(cancellation);
        return body.GetProperty("error").GetProperty("message").GetString() ?? "The model refuses the question.";
    }

    private static AnswerPiece? Piece(string json)
    {
        using var document = JsonDocument.Parse(json);
        var choice = document.RootElement.GetProperty("choices")[0];
        if (!choice.GetProperty("delta").TryGetProperty("content", out var content) || content.GetString() is not { Length: > 0 } text)
        {
            return null;
        }

        var tokens = choice.GetProperty("logprobs") is { ValueKind: JsonValueKind.Object } logprobs ? logprobs.GetProperty("content").EnumerateArray().ToList() : [];
        return new AnswerPiece(
            text,
            tokens.Count > 0 ? tokens.Sum(token => token.GetProperty("logprob").GetDouble()) : null,
            tokens.Count > 0 ? Choices(tokens[0]) : []);
    }

    private static List<TokenChoice> Choices(JsonElement token) =>
        [.. token.GetProperty("top_logprobs").EnumerateArray().Select(top => new TokenChoice(top.GetProperty("token").GetString()!, top.GetProperty("logprob").GetDouble()))];
}
