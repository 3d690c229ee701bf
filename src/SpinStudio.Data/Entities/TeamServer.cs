namespace SpinStudio.Data;

/// <summary>An OpenAI-compatible server that a team may ask: as judge of answers, or in the opponent's place.</summary>
public sealed class TeamServer
{
    public Guid Id { get; set; } = Guid.CreateVersion7();

    public Guid TeamId { get; set; }

    public required string Name { get; set; }

    /// <summary>Base address without a slash at its end, such as <c>https://api.example.com/v1</c>.</summary>
    public required string Address { get; set; }

    /// <summary>The model that is asked there.</summary>
    public required string Model { get; set; }

    /// <summary>The API key, encrypted for this server at this address; null when it asks for none.</summary>
    public string? ProtectedKey { get; set; }

    /// <summary>Who added it, as the name was then.</summary>
    public required string CreatedBy { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
