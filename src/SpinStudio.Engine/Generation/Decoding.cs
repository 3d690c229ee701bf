using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Generation;

/// <summary>A token that was drawn, and how likely the model held it.</summary>
/// <param name="LogProb">Natural logarithm of the model's probability at temperature 1; null when it was not asked for.</param>
/// <param name="Likeliest">The likeliest tokens there with their log-probs, best first; as many as were asked for.</param>
public sealed record DrawnToken(int Id, double? LogProb = null, IReadOnlyList<(int Id, double LogProb)>? Likeliest = null);

/// <summary>One answer in the making.</summary>
/// <param name="likeliest">How many of the likeliest tokens are told with each drawn one; null: no log-probs at all.</param>
internal sealed class Decoding(int[] prompt, RandomStream stream, GenerationConfig config, IReadOnlySet<int> stopIds, int? likeliest = null)
{
    private RandomStream _stream = stream;

    public int[] Prompt { get; } = prompt;

    public List<int> Ids { get; } = [];

    /// <summary>Its place in the cache; set when it is admitted.</summary>
    public int Slot { get; set; }

    public bool EndedByEos { get; private set; }

    public bool Ended { get; private set; }

    /// <summary>Where the newest token stands.</summary>
    public int Position => Prompt.Length + Ids.Count - 1;

    /// <summary>The answer, when it is given and only to be scored: taken token by token instead of drawn.</summary>
    public IReadOnlyList<int>? Given { get; init; }

    /// <summary>Called with each token as it is drawn.</summary>
    public Action<DrawnToken>? Drawn { get; set; }

    /// <summary>It draws from all tokens and tells nothing of their log-probs, so that nobody need see its logits.</summary>
    public bool IsPlain => likeliest is null && config is { TopK: 0, TopP: >= 1 };

    public double Temperature => config.Temperature;

    /// <summary>The number in [0, 1) that decides the next draw.</summary>
    public double NextUniform() => _stream.NextDouble();

    /// <summary>Draws from logits of the next token, [vocab].</summary>
    public void Draw(ReadOnlySpan<float> logits, TokenSampler sampler)
    {
        var id = Given is { } given ? given[Ids.Count] : sampler.Draw(config, logits, NextUniform());
        Take(likeliest is { } count ? LogProbs.Of(logits, id, count) : new DrawnToken(id));
    }

    /// <summary>Goes on with a token that was drawn.</summary>
    public void Take(DrawnToken token)
    {
        Ids.Add(token.Id);
        EndedByEos = stopIds.Contains(token.Id);
        Ended = EndedByEos || Ids.Count >= config.MaxNewTokens;
        Drawn?.Invoke(token);
    }

    /// <summary>Ends it before its time.</summary>
    public void End() => Ended = true;
}
