using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Generation.Elsewhere;

/// <summary>
/// Lets a server answer: as many requests at once as the batch size says. A server gives text, so the ids of an answer are those that the tokenizer gives
/// for it, as for the human answers, with the EOS if the model ended it.
/// </summary>
/// <remarks>
/// By completions the prompt is the run's own rendering, as ids. By chat completions the server renders it, and the opponent is the model that is trained only as far as the two templates agree;
/// that they count different tokens shows that they do not.
/// </remarks>
public sealed class EndpointGenerator(OpenAiEndpoint endpoint, string model, ConversationEncoder encoder, GenerationConfig config) : IAnswerSource
{
    private readonly Lock _telling = new();

    public long TokensGenerated { get; private set; }

    /// <summary>Prompts that were answered, and those of which the server counted another number of tokens than the run's template makes.</summary>
    public (int Answered, int RenderedOtherwise) Prompts { get; private set; }

    /// <summary>A generator for the opponent of an iteration.</summary>
    /// <param name="iteration">In which it is the opponent: 0 for the starting model.</param>
    /// <param name="folder">Where its model lies.</param>
    /// <exception cref="EndpointException">The server does not answer, or does not have that model.</exception>
    public static EndpointGenerator ForOpponent(OpenAiEndpoint endpoint, GenerationConfig config, int iteration, string folder, ConversationEncoder encoder, CancellationToken cancel)
    {
        var name = NameOf(config, iteration, folder);
        var served = endpoint.ModelsAsync(cancel).GetAwaiter().GetResult();
        return served.Contains(name)
            ? new EndpointGenerator(endpoint, name, encoder, config)
            : throw new EndpointException(
                $"{config.Endpoint} does not serve '{name}', the opponent of iteration {iteration} (it serves {string.Join(", ", served.Take(8).Select(one => $"'{one}'"))}): " +
                $"serve {folder} under that name, then resume");
    }

    /// <summary>The key that goes with the endpoint, out of the environment.</summary>
    /// <exception cref="BadInputException">The variable is not set.</exception>
    public static OpenAiEndpoint Open(GenerationConfig config)
    {
        var key = config.EndpointKeyEnv is { } name
            ? Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : throw new BadInputException($"generation.endpoint_key_env names {name}, which is not set; export it, or leave the setting out")
            : null;
        return new OpenAiEndpoint(new Uri(config.Endpoint!), key);
    }

    /// <summary>{model} is the folder, {iteration} the number.</summary>
    internal static string NameOf(GenerationConfig config, int iteration, string folder) =>
        config.EndpointModel.Replace("{model}", folder, StringComparison.Ordinal).Replace("{iteration}", $"{iteration}", StringComparison.Ordinal);

    public GeneratedAnswer[] Answer(IReadOnlyList<GenerationRequest> requests, Action<int>? answered = null, CancellationToken cancel = default)
    {
        var answers = new GeneratedAnswer[requests.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = config.BatchSize, CancellationToken = cancel };
        Parallel.ForEachAsync(Enumerable.Range(0, requests.Count), options, async (i, cancelOne) =>
        {
            var (prompt, stream, example) = requests[i];
            var seed = stream.Next(int.MaxValue);
            var completion = config.EndpointApi == EndpointApi.Chat
                ? await endpoint.ChatAsync(model, ConversationEncoder.MessagesOf(example!), config, seed, cancelOne)
                : await endpoint.CompleteAsync(model, prompt, config, seed, cancelOne);
            answers[i] = Tokenised(completion, encoder.Encode(example! with { Response = completion.Text }).Answer);
            lock (_telling)
            {
                TokensGenerated += answers[i].Ids.Length;
                var otherwise = completion.PromptTokens > 0 && completion.PromptTokens != prompt.Length;
                Prompts = (Prompts.Answered + 1, Prompts.RenderedOtherwise + (otherwise ? 1 : 0));
                answered?.Invoke(i);
            }
        }).GetAwaiter().GetResult();
        return answers;
    }

    /// <param name="ids">Of the answer's text, ending with the EOS unless they were cut to length.</param>
    private GeneratedAnswer Tokenised(Completion completion, int[] ids)
    {
        var whole = ids.Length > 0 && ids[^1] == encoder.EosId;
        return new GeneratedAnswer(whole && !completion.Ended ? ids[..^1] : ids, whole && completion.Ended);
    }
}
