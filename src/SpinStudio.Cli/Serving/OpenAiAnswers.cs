using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Cli.Serving;

/// <summary>The JSON of answers, in the two shapes of the OpenAI API: chat completions and completions, whole or in chunks.</summary>
/// <param name="chat">Chat completions; else completions.</param>
internal sealed class OpenAiAnswers(bool chat, string model, Tokenizer tokenizer, AnswerRequest request, long created)
{
    private readonly string _id = (chat ? "chatcmpl-" : "cmpl-") + Guid.NewGuid().ToString("N");

    /// <summary>A finished response.</summary>
    public object Whole(IReadOnlyList<(AnswerText Text, List<AnswerPiece> Pieces)> answers) => new
    {
        id = _id,
        @object = chat ? "chat.completion" : "text_completion",
        created,
        model,
        choices = answers.Select((answer, index) =>
        {
            var text = string.Concat(answer.Pieces.Select(piece => piece.Text));
            var logprobs = LogProbs([.. answer.Pieces.SelectMany(piece => piece.Tokens)], 0);
            return chat
                ? (object)new { index, message = new { role = "assistant", content = text }, logprobs, finish_reason = answer.Text.FinishReason }
                : new { index, text, logprobs, finish_reason = answer.Text.FinishReason };
        }).ToList(),
        usage = Usage(answers.Sum(answer => answer.Text.Tokens)),
    };

    /// <summary>The first chunk of a chat answer, which names its role.</summary>
    public object Opening(int index) => Chunk(new { index, delta = new { role = "assistant", content = "" }, logprobs = (object?)null, finish_reason = (string?)null });

    /// <param name="offset">Characters of the answer before this piece.</param>
    public object Piece(int index, AnswerPiece piece, int offset)
    {
        var logprobs = LogProbs(piece.Tokens, offset);
        return chat
            ? Chunk(new { index, delta = new { content = piece.Text }, logprobs, finish_reason = (string?)null })
            : Chunk(new { index, text = piece.Text, logprobs, finish_reason = (string?)null });
    }

    public object Closing(int index, string finishReason) => chat
        ? Chunk(new { index, delta = new { }, logprobs = (object?)null, finish_reason = finishReason })
        : Chunk(new { index, text = "", logprobs = (object?)null, finish_reason = finishReason });

    /// <summary>The chunk that counts tokens, when it was asked for.</summary>
    public object UsageChunk(int completionTokens) => new
    {
        id = _id, @object = ChunkName, created, model, choices = Array.Empty<object>(), usage = Usage(completionTokens),
    };

    private string ChunkName => chat ? "chat.completion.chunk" : "text_completion";

    private object Chunk(object choice) => new { id = _id, @object = ChunkName, created, model, choices = new[] { choice } };

    private object Usage(int completion)
    {
        var prompt = request.Prompts.Sum(ids => ids.Length);
        return new { prompt_tokens = prompt, completion_tokens = completion, total_tokens = prompt + completion };
    }

    private object? LogProbs(IReadOnlyList<DrawnToken> tokens, int offset)
    {
        if (request.Likeliest is null)
            return null;
        if (chat)
            return new { content = tokens.Select(token => new { token = TextOf(token.Id), logprob = token.LogProb, bytes = BytesOf(token.Id), top_logprobs = Likeliest(token) }).ToList() };

        List<int> offsets = [];
        foreach (var token in tokens)
        {
            offsets.Add(offset);
            offset += TextOf(token.Id).Length;
        }
        return new
        {
            tokens = tokens.Select(token => TextOf(token.Id)).ToList(),
            token_logprobs = tokens.Select(token => token.LogProb).ToList(),
            // Different tokens may read alike (bytes that are no whole character): the likelier one keeps the name.
            top_logprobs = tokens.Select(token => token.Likeliest!.DistinctBy(x => TextOf(x.Id)).ToDictionary(x => TextOf(x.Id), x => x.LogProb)).ToList(),
            text_offset = offsets,
        };
    }

    private List<object> Likeliest(DrawnToken token) => [.. token.Likeliest!.Select(x => (object)new { token = TextOf(x.Id), logprob = x.LogProb, bytes = BytesOf(x.Id) })];

    private string TextOf(int id) => tokenizer.Decode([id], skipSpecial: false);

    private int[] BytesOf(int id) => [.. tokenizer.BytesOf(id, skipSpecial: false).ToArray()];
}
