using SpinStudio.Engine.Tokenization;

namespace SpinStudio.Engine.Datasets;

/// <summary>Lengths in tokens under one model's tokenizer and chat template, before anything is cut.</summary>
public sealed record TokenStatistics
{
    /// <summary>Rows that were encoded; fewer than the dataset has when only every so-manieth was.</summary>
    public required int Rows { get; init; }

    /// <summary>Of all rows.</summary>
    public required int OfRows { get; init; }

    /// <summary>The rendered conversation up to where the model is to answer.</summary>
    public required LengthHistogram Prompt { get; init; }

    /// <summary>What is trained on, the closing token included.</summary>
    public required LengthHistogram Answer { get; init; }

    /// <summary>Prompt and answer together.</summary>
    public required LengthHistogram Total { get; init; }

    /// <summary>Rows that the chat template refuses.</summary>
    public required int Refused { get; init; }

    /// <summary>Row (from 1) and reason of the first refusal; null when there was none.</summary>
    public string? FirstRefusal { get; init; }

    /// <summary>Rows that lose the beginning of their prompt.</summary>
    public int CutPrompts(int maxPromptLength) => Prompt.Longer(maxPromptLength);

    /// <summary>
    /// Rows that lose the end of their answer, and with it the token that ends it. Exact when no prompt is cut; otherwise an upper bound, as a cut prompt makes room.
    /// </summary>
    /// <param name="maxLength">Of prompt and answer together.</param>
    public int CutAnswers(int maxLength) => Total.Longer(maxLength);

    /// <param name="rows">Read once.</param>
    /// <param name="total">How many there are.</param>
    /// <param name="encoder">Without limits of its own.</param>
    /// <param name="most">Of more rows than this only every n-th is encoded, so that about so many are.</param>
    /// <param name="progress">Rows passed so far, every hundred.</param>
    public static TokenStatistics Of(
        IEnumerable<Example> rows, int total, ConversationEncoder encoder, int most = 100_000, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        var step = Math.Max(1, (int)Math.Ceiling(total / (double)most));
        var (prompts, answers, totals) = (new LengthCounting(), new LengthCounting(), new LengthCounting());
        int passed = 0, measured = 0, refused = 0;
        string? first = null;
        foreach (var row in rows)
        {
            cancellation.ThrowIfCancellationRequested();
            if (passed++ % step == 0)
                Measure(row);
            if (passed % 100 == 0)
                progress?.Report(passed);
        }
        return new TokenStatistics
        {
            Rows = measured,
            OfRows = passed,
            Prompt = prompts.Histogram(),
            Answer = answers.Histogram(),
            Total = totals.Histogram(),
            Refused = refused,
            FirstRefusal = first,
        };

        void Measure(Example row)
        {
            try
            {
                var encoded = encoder.Encode(row);
                prompts.Add(encoded.Prompt.Length);
                answers.Add(encoded.Answer.Length);
                totals.Add(encoded.Prompt.Length + encoded.Answer.Length);
                measured++;
            }
            catch (BadInputException e)
            {
                refused++;
                first ??= $"row {passed}: {e.Message}";
            }
        }
    }
}
