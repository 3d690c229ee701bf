namespace SpinStudio.Data;

/// <summary>How a model came to be here.</summary>
public enum ModelOrigin
{
    Bundled = 0,

    /// <summary>An iteration of a run made it; it goes with the run.</summary>
    Run = 1,

    Uploaded = 2,

    Hub = 3,

    /// <summary>A copy of an iteration's model that somebody named; it outlives the run.</summary>
    Promoted = 4,
}

/// <summary>A model folder in Hugging Face layout.</summary>
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

    /// <summary>Null for what is bundled or made by a run: those say it themselves.</summary>
    public ModelOrigin? Origin { get; set; }

    /// <summary>For people: file names, repository and commit, or run and iteration.</summary>
    public string? Source { get; set; }

    /// <summary>As its card or its hub names it.</summary>
    public string? License { get; set; }

    /// <summary>What people of the team say about it.</summary>
    public string? Note { get; set; }

    /// <summary>Name, bytes and SHA-256 of every file, as JSON; null where nobody has looked.</summary>
    public string? Files { get; set; }

    /// <summary>The run of the iteration that was promoted.</summary>
    public Guid? FromRunId { get; set; }

    public int? FromIteration { get; set; }

    public Guid? CreatedById { get; set; }
}
