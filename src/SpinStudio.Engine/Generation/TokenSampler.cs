using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Generation;

/// <summary>Draws a token from logits: temperature, top-k, top-p (nucleus; Holtzman et al., arXiv 1904.09751), then the inverse of the cumulative distribution.</summary>
public sealed class TokenSampler
{
    private float[] _probabilities = [];
    private int[] _order = [];

    /// <param name="config">Temperature, top-k and top-p.</param>
    /// <param name="logits">Logits of one position, [vocab].</param>
    /// <param name="uniform">A number in [0, 1) that decides the draw.</param>
    public int Draw(GenerationConfig config, ReadOnlySpan<float> logits, double uniform)
    {
        var best = Best(logits);
        if (config.Temperature == 0 || config.TopK == 1) return best;

        if (_probabilities.Length < logits.Length) (_probabilities, _order) = (new float[logits.Length], new int[logits.Length]);
        var probabilities = _probabilities.AsSpan(0, logits.Length);
        var total = Exponentiate(logits, logits[best], config.Temperature, probabilities);
        return config.TopK > 0 || config.TopP < 1
            ? DrawFromHead(config, probabilities, total, uniform)
            : DrawFromAll(probabilities, uniform * total, best);
    }

    /// <summary>exp((x − max) / temperature) and its sum.</summary>
    private static double Exponentiate(ReadOnlySpan<float> logits, float max, double temperature, Span<float> probabilities)
    {
        var inverse = (float)(1 / temperature);
        double total = 0;
        for (var i = 0; i < logits.Length; i++)
            total += probabilities[i] = MathF.Exp((logits[i] - max) * inverse);
        return total;
    }

    private static int DrawFromAll(ReadOnlySpan<float> probabilities, double target, int fallback)
    {
        double sum = 0;
        for (var i = 0; i < probabilities.Length; i++)
            if ((sum += probabilities[i]) > target)
                return i;
        return fallback; // rounding left the target a hair above the sum
    }

    /// <summary>Keeps the likeliest tokens: at most k, and no more than reach p of the whole.</summary>
    private int DrawFromHead(GenerationConfig config, Span<float> probabilities, double total, double uniform)
    {
        var order = _order.AsSpan(0, probabilities.Length);
        for (var i = 0; i < order.Length; i++) order[i] = i;
        var keys = _probabilities;
        // Ties go to the lower id, so that a draw does not depend on the sort.
        order.Sort((a, b) => keys[a] != keys[b] ? keys[b].CompareTo(keys[a]) : a.CompareTo(b));

        var limit = config.TopK > 0 ? Math.Min(config.TopK, order.Length) : order.Length;
        double kept = 0;
        var count = 0;
        while (count < limit && (count == 0 || kept < config.TopP * total))
            kept += probabilities[order[count++]];

        double sum = 0, target = uniform * kept;
        foreach (var id in order[..count])
            if ((sum += probabilities[id]) > target)
                return id;
        return order[0];
    }

    private static int Best(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best])
                best = i;
        return best;
    }
}
