using System.Security.Cryptography;
using System.Text;

namespace SpinStudio.Engine.Datasets;

/// <summary>What a dataset is like, as far as its text tells; <see cref="TokenStatistics"/> adds what depends on a tokenizer.</summary>
public sealed record DatasetStatistics
{
    public required int Rows { get; init; }

    /// <summary>Of held-out examples that belong to the same version; 0 when it has none.</summary>
    public required int HeldOutRows { get; init; }

    /// <summary>Lengths in characters (UTF-16 units).</summary>
    public required LengthHistogram PromptCharacters { get; init; }

    /// <inheritdoc cref="PromptCharacters"/>
    public required LengthHistogram AnswerCharacters { get; init; }

    /// <summary>Rows whose system message, prompt and answer all stood in an earlier row.</summary>
    public required int DuplicateRows { get; init; }

    /// <summary>Rows whose prompt (with its system message) stood in an earlier row.</summary>
    public required int DuplicatePrompts { get; init; }

    /// <summary>Rows, other than exact duplicates, that are nearly the same as an earlier one by <see cref="NearDuplicateMethod"/>.</summary>
    public required int NearDuplicateRows { get; init; }

    /// <summary>Distinct rows that were compared for near duplicates, from the first on.</summary>
    public required int NearDuplicatesAmong { get; init; }

    /// <summary>Held-out rows whose prompt is also one of the training prompts, apart from case and white space.</summary>
    public required int HeldOutOverlap { get; init; }

    /// <summary>Answers of white space only.</summary>
    public required int EmptyAnswers { get; init; }

    /// <summary>Rows by their number of messages, from <c>"2"</c>: prompt and answer, and a system message where there is one.</summary>
    public required IReadOnlyDictionary<int, int> Turns { get; init; }

    /// <summary>How near duplicates are found, for people.</summary>
    public static string NearDuplicateMethod { get; } =
        FormattableString.Invariant($"MinHash over three-word shingles of prompt and answer, 64 hash functions; similar from {NearDuplicates.Threshold}, over the first {NearDuplicates.MostTexts:#,0} distinct rows");

    /// <summary>Rows are read once; memory grows by 24 bytes a row, and by 256 for the first 200,000.</summary>
    /// <param name="heldOut">Held-out examples of the same version.</param>
    /// <param name="progress">Rows read so far, of both, every thousand.</param>
    public static DatasetStatistics Of(IEnumerable<Example> rows, IEnumerable<Example>? heldOut = null, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        var (prompts, answers) = (new LengthCounting(), new LengthCounting());
        var (seen, seenPrompts, trained) = (new HashSet<ulong>(), new HashSet<ulong>(), new HashSet<ulong>());
        var near = new NearDuplicates();
        var turns = new SortedDictionary<int, int>();
        int count = 0, duplicates = 0, duplicatePrompts = 0, empty = 0;
        foreach (var row in rows)
        {
            Count();
            prompts.Add(row.Prompt.Length);
            answers.Add(row.Response.Length);
            empty += string.IsNullOrWhiteSpace(row.Response) ? 1 : 0;
            var messages = row.System is null ? 2 : 3;
            turns[messages] = turns.GetValueOrDefault(messages) + 1;
            duplicatePrompts += seenPrompts.Add(Convert.ToUInt64(row.PromptId, 16)) ? 0 : 1;
            if (heldOut is not null)
                trained.Add(Plain(row.Prompt));
            if (seen.Add(Hash($"{row.System}\0{row.Prompt}\0{row.Response}")))
                near.Add(row.Prompt, row.Response);
            else
                duplicates++;
        }
        var trainingRows = count;
        var overlap = 0;
        foreach (var row in heldOut ?? [])
        {
            Count();
            overlap += trained.Contains(Plain(row.Prompt)) ? 1 : 0;
        }
        return new DatasetStatistics
        {
            Rows = trainingRows,
            HeldOutRows = count - trainingRows,
            PromptCharacters = prompts.Histogram(),
            AnswerCharacters = answers.Histogram(),
            DuplicateRows = duplicates,
            DuplicatePrompts = duplicatePrompts,
            NearDuplicateRows = near.Count(cancellation),
            NearDuplicatesAmong = near.Texts,
            HeldOutOverlap = overlap,
            EmptyAnswers = empty,
            Turns = turns,
        };

        void Count()
        {
            cancellation.ThrowIfCancellationRequested();
            if (++count % 1000 == 0)
                progress?.Report(count);
        }
    }

    /// <summary>Identity of a prompt apart from case and white space.</summary>
    private static ulong Plain(string prompt) => Hash(string.Join(' ', prompt.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant());

    private static ulong Hash(string text) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
