namespace SpinStudio.Data;

/// <summary>Statistics of a dataset version. Both never change, so neither does this.</summary>
public sealed class DatasetReport
{
    public Guid VersionId { get; set; }

    /// <summary>Empty for what the text alone tells; otherwise the hash of the tokenizer and chat template that lengths in tokens belong to.</summary>
    public required string Tokenizer { get; set; }

    /// <summary>JSON.</summary>
    public required string Statistics { get; set; }

    public DateTimeOffset ComputedAt { get; set; }
}
