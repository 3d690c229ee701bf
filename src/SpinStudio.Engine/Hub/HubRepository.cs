using System.Text.RegularExpressions;

namespace SpinStudio.Engine.Hub;

/// <summary>What a repository of a hub holds.</summary>
public enum HubKind
{
    Model,
    Dataset,
}

/// <summary>A repository of a Hugging Face-compatible hub.</summary>
/// <param name="Name"><c>owner/name</c>; old ones have no owner.</param>
/// <param name="Revision">Branch, tag or commit.</param>
public sealed partial record HubRepository(HubKind Kind, string Name, string Revision)
{
    /// <summary>The branch that is meant when none is named.</summary>
    internal const string Main = "main";

    /// <summary>Reads <c>owner/name[@revision]</c>, or the address of the repository's page.</summary>
    /// <exception cref="BadInputException">The text is neither.</exception>
    public static HubRepository Parse(HubKind kind, string text)
    {
        var spelt = text.Trim();
        if (Address().Match(spelt) is { Success: true } page)
            spelt = page.Groups["name"].Value + (page.Groups["revision"] is { Success: true } tree ? "@" + tree.Value : "");
        return Spelling().Match(spelt) is { Success: true } found && !spelt.Contains("..", StringComparison.Ordinal)
            ? new HubRepository(kind, found.Groups["name"].Value, found.Groups["revision"] is { Success: true } revision ? revision.Value : Main)
            : throw new BadInputException($"'{text}' is no repository; write owner/name, or owner/name@revision");
    }

    public override string ToString() => Revision == Main ? Name : $"{Name}@{Revision}";

    [GeneratedRegex(@"^(?<name>(?:[A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9][\w.-]{0,95})(?:@(?<revision>[A-Za-z0-9][\w./-]{0,199}))?$", RegexOptions.ECMAScript)]
    private static partial Regex Spelling();

    [GeneratedRegex(@"^https?://[^/@\s]+/(?:datasets/)?(?<name>[^/@\s]+(?:/[^/@\s]+)?)(?:/tree/(?<revision>[^\s?#]+))?/?$", RegexOptions.CultureInvariant)]
    private static partial Regex Address();
}
