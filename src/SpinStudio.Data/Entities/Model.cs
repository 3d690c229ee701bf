namespace SpinStudio.Data;

/// <summary>A model folder in Hugging Face layout: bundled, or made by an iteration of a run.</summary>
public sealed class Model
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public required string Name { get; set; }

    /// <summary>Relative to the data directory; for a bundled model, to the content root.</summary>
    public required string Folder { get; set; }

    /// <summary>Came with the studio.</summary>
    public bool Bundled { get; set; }

    /// <summary>Of its <c>model.safetensors</c>, in lower-case hex.</summary>
    public required string Sha256 { get; set; }

    /// <summary>Architecture name of its config.json, such as LlamaForCausalLM.</summary>
    public required string Architecture { get; set; }

    public long Parameters { get; set; }

    /// <summary>Of all files of the folder.</summary>
    public long Bytes { get; set; }

    /// <summary>The model that the run started from.</summary>
    public Guid? ParentId { get; set; }

    public Model? Parent { get; set; }

    /// <summary>The run that made it. Not a foreign key: runs point at models, and a cycle could not be created by plain CREATE TABLEs.</summary>
    public Guid? RunId { get; set; }

    /// <summary>The iteration of that run that made it.</summary>
    public int? Iteration { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
