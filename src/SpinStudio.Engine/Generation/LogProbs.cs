namespace SpinStudio.Engine.Generation;

/// <summary>log softmax of one position, summed in double.</summary>
internal static class LogProbs
{
    /// <param name="logits">[vocab]</param>
    /// <param name="count">How many of the likeliest are told.</param>
    public static DrawnToken Of(ReadOnlySpan<float> logits, int id, int count)
    {
        var max = float.NegativeInfinity;
        foreach (var logit in logits) max = Math.Max(max, logit);
        double sum = 0;
        foreach (var logit in logits) sum += Math.Exp(logit - max);
        var total = max + Math.Log(sum);

        // The few best of many: a heap of that size, the worst of them on top; of equal ones the lower id is better.
        var best = new PriorityQueue<int, (float, int)>(count + 1);
        for (var i = 0; i < logits.Length && count > 0; i++)
            if (best.Count < count)
                best.Enqueue(i, (logits[i], -i));
            else
                best.EnqueueDequeue(i, (logits[i], -i));
        var likeliest = new (int, double)[best.Count];
        for (var i = likeliest.Length - 1; i >= 0; i--)
        {
            var token = best.Dequeue();
            likeliest[i] = (token, logits[token] - total);
        }
        return new DrawnToken(id, logits[id] - total, likeliest);
    }
}
