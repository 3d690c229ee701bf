using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Cli.Serving;

/// <summary>A piece of an answer with the tokens that made it.</summary>
internal sealed record AnswerPiece(string Text, IReadOnlyList<DrawnToken> Tokens);

/// <summary>Turns drawn tokens into text as they come. What might be the beginning of a stop text is held back until it is known.</summary>
internal sealed class AnswerText(Tokenizer tokenizer, IReadOnlySet<int> stopIds, string[] stopTexts)
{
    /// <summary>stop or length; known when all pieces were read.</summary>
    public string FinishReason { get; private set; } = GeneratedAnswer.Length;

    /// <summary>Tokens drawn so far.</summary>
    public int Tokens { get; private set; }

    public async IAsyncEnumerable<AnswerPiece> ReadAsync(IAsyncEnumerable<DrawnToken> drawn)
    {
        var decoder = tokenizer.StreamDecoder();
        var held = "";
        var tokens = new List<DrawnToken>();
        await foreach (var token in drawn)
        {
            Tokens++;
            if (stopIds.Contains(token.Id))
            {
                FinishReason = GeneratedAnswer.Stop;
                break;
            }
            tokens.Add(token);
            held += decoder.Append(token.Id);
            if (FirstStop(held) is { } stop)
            {
                FinishReason = GeneratedAnswer.Stop;
                yield return new AnswerPiece(held[..stop], tokens);
                yield break;
            }
            var sure = held.Length - Undecided(held);
            if (sure == 0)
                continue;
            yield return new AnswerPiece(held[..sure], tokens);
            (held, tokens) = (held[sure..], []);
        }
        held += decoder.Flush();
        if (held.Length > 0 || tokens.Count > 0)
            yield return new AnswerPiece(held, tokens);
    }

    private int? FirstStop(string text)
    {
        var first = stopTexts.Select(stop => text.IndexOf(stop, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        return first < 0 ? null : first;
    }

    /// <summary>Characters at the end that a stop text could begin with.</summary>
    private int Undecided(string text)
    {
        var most = 0;
        foreach (var stop in stopTexts)
            for (var length = Math.Min(stop.Length - 1, text.Length); length > most; length--)
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                    most = length;
        return most;
    }
}
