namespace SpinStudio.Web.Features.Servers;

/// <summary>A model server as the team sees it. The key is never told.</summary>
/// <param name="Address">Base address, such as <c>https://api.example.com/v1</c>.</param>
/// <param name="Model">The model that is asked there.</param>
/// <param name="HasKey">Whether an API key is kept for it.</param>
public sealed record ServerInfo(Guid Id, string Name, string Address, string Model, bool HasKey, string CreatedBy, DateTimeOffset CreatedAt);

/// <summary>A server to add, or what it is to be from now on.</summary>
/// <param name="Key">API key. When a server is changed, null keeps the one it has, unless the address changes; an empty text removes it.</param>
public sealed record NewServer(string Name, string Address, string Model, string? Key = null)
{
    /// <summary>A record's text would show the key.</summary>
    public override string ToString() => $"{Name} at {Address}";
}

/// <summary>What came back on a short question.</summary>
/// <param name="Works">It answered as a chat model does.</param>
/// <param name="Message">In one sentence, for people.</param>
/// <param name="Answer">Its answer; null when there was none.</param>
public sealed record ServerTest(bool Works, string Message, string? Answer, double Seconds);
