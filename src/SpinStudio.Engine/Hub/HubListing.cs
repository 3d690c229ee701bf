using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Hub;

/// <summary>A file of a repository at one commit.</summary>
/// <param name="Path">Within the repository, with forward slashes.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">Of the content, for files in large file storage; else null.</param>
/// <param name="GitSha1">Of the Git blob, for all others; null when the hub does not tell.</param>
public sealed record HubFile(string Path, long Size, string? Sha256, string? GitSha1);

/// <summary>What a revision stood for when it was asked.</summary>
/// <param name="Commit">All files are downloaded from this commit, whatever happens to the branch meanwhile.</param>
/// <param name="License">As the repository's card names it; null when it does not.</param>
public sealed record HubListing(HubRepository Repository, string Commit, IReadOnlyList<HubFile> Files, string? License)
{
    private const int MostFiles = 100_000;

    /// <summary>Reads the hub's answer. A path that leads out of the repository is refused.</summary>
    internal static HubListing Read(HubRepository repository, JsonElement json)
    {
        if (Text(json, "sha") is not { Length: >= 7 } commit || !commit.All(char.IsAsciiHexDigit) || json.Get("siblings") is not { ValueKind: JsonValueKind.Array } siblings)
            throw new BadInputException($"the hub's answer about {repository} has no commit or no list of files; is it a Hugging Face-compatible hub?");
        if (siblings.GetArrayLength() > MostFiles)
            throw new BadInputException($"{repository} has {siblings.GetArrayLength()} files; at most {MostFiles} are read");
        return new HubListing(repository, commit, [.. siblings.EnumerateArray().Select(File)], LicenseOf(json));
    }

    private static HubFile File(JsonElement json)
    {
        var path = Text(json, "rfilename") ?? "";
        if (path.Split('/').Any(part => part is "" or "." or "..") || path.Any(c => char.IsControl(c) || c is '\\' or ':'))
            throw new BadInputException($"the hub lists a file named '{path}', which is no path within a repository");
        var lfs = json.Get("lfs");
        return new HubFile(path, Size(lfs) ?? Size(json) ?? 0, lfs is { } large ? Text(large, "sha256") ?? Text(large, "oid") : null, lfs is null ? Text(json, "blobId") : null);
    }

    private static long? Size(JsonElement? json) => json?.Get("size") is { ValueKind: JsonValueKind.Number } size && size.TryGetInt64(out var bytes) && bytes >= 0 ? bytes : null;

    private static string? LicenseOf(JsonElement json) => json.Get("cardData")?.Get("license") switch
    {
        { ValueKind: JsonValueKind.String } one => one.GetString(),
        { ValueKind: JsonValueKind.Array } several => string.Join(", ", several.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString())),
        _ => null,
    };

    private static string? Text(JsonElement json, string key) => json.Get(key) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
