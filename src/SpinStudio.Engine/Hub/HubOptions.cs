namespace SpinStudio.Engine.Hub;

/// <summary>Where the hub is, and how to be known there.</summary>
/// <param name="Endpoint">Its address; mirrors have others.</param>
/// <param name="Token">Sent to the endpoint's own origin only, over https (or to this machine); null for public repositories.</param>
public sealed record HubOptions(Uri Endpoint, string? Token = null)
{
    public const string EndpointVariable = "HF_ENDPOINT";
    public const string TokenVariable = "HF_TOKEN";
    public const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>Where the hub of that name keeps large files.</summary>
    private static readonly string[] StorageDomains = ["huggingface.co", "hf.co"];

    /// <summary>The settings of the environment: HF_ENDPOINT and HF_TOKEN.</summary>
    /// <param name="endpoint">Goes before HF_ENDPOINT.</param>
    /// <exception cref="BadInputException">The endpoint is no http(s) address.</exception>
    public static HubOptions FromEnvironment(string? endpoint = null)
    {
        var text = Set(endpoint) ?? Set(Environment.GetEnvironmentVariable(EndpointVariable)) ?? DefaultEndpoint;
        return Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.UserInfo.Length == 0
            ? new HubOptions(uri, Set(Environment.GetEnvironmentVariable(TokenVariable)))
            : throw new BadInputException($"the hub's address must be http(s)://host, without a user name (got '{text}')");
    }

    /// <summary>Whether a download may be sent on to this address: the endpoint's host and those below it, and the stores of the hub that mirrors mirror.</summary>
    public bool MayFollow(Uri address) =>
        address.Host == Endpoint.Host || address.Host.EndsWith("." + Endpoint.Host, StringComparison.OrdinalIgnoreCase)
        || StorageDomains.Any(domain => address.Host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase) || address.Host == domain);

    /// <summary>Without the token: records print what they hold.</summary>
    public override string ToString() => Endpoint.ToString();

    private static string? Set(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
