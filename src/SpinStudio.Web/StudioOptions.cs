namespace SpinStudio.Web;

/// <summary>The section <c>Studio</c> of the settings.</summary>
public sealed class StudioOptions
{
    public const string Section = "Studio";

    /// <summary>Largest upload, in bytes.</summary>
    public long UploadLimitBytes { get; set; } = 2L << 30;

    /// <summary>Runs that train at the same time on this machine; the others wait.</summary>
    public int Slots { get; set; } = 1;

    /// <summary>Seconds that a stopping engine has for its checkpoint before it is killed.</summary>
    public double StopSeconds { get; set; } = 30;

    /// <summary>Seconds that engines have when the studio itself shuts down; later they are left to finish on their own.</summary>
    public double ShutdownSeconds { get; set; } = 10;

    /// <summary>Automatic resumes without progress before a run counts as failed.</summary>
    public int MaxResumes { get; set; } = 3;

    /// <summary>Puts the bundled dataset, model and first run into an empty database.</summary>
    public bool Seed { get; set; } = true;

    /// <summary>Config of that first run, below samples/ or absolute.</summary>
    public string SampleRun { get; set; } = "quick.json";

    /// <summary>Hosts (host or host:port, separated by semicolons) that the studio may download from although they are not public.</summary>
    public string? AllowedHosts { get; set; }

    /// <summary>Address of the hub; null: the environment's HF_ENDPOINT, else Hugging Face.</summary>
    public string? HubEndpoint { get; set; }

    /// <summary>Downloads at the same time; the others wait.</summary>
    public int FetchSlots { get; set; } = 2;

    /// <summary>Seconds between the first attempt of a webhook's delivery and the second; each further pause is twice as long.</summary>
    public double WebhookRetrySeconds { get; set; } = 10;

    /// <summary>Largest model that is taken in, in bytes.</summary>
    public long ModelLimitBytes { get; set; } = 200L << 30;
}
