using System.Security.Cryptography;

namespace SpinStudio.Engine.Hub;

/// <summary>What a downloaded file must turn out to be.</summary>
/// <param name="Size">Bytes; null when not known beforehand.</param>
/// <param name="Sha256">Of the content, in lower-case hex.</param>
/// <param name="GitSha1">Of the Git blob that holds the content.</param>
/// <param name="Limit">Bytes that it may have at most.</param>
public sealed record ExpectedFile(long? Size = null, string? Sha256 = null, string? GitSha1 = null, long Limit = long.MaxValue)
{
    /// <summary>The whole content is known by its hash.</summary>
    public bool Hashed => Sha256 is not null || GitSha1 is not null;

    /// <summary>What is wrong with a file, or null.</summary>
    public async Task<string?> ProblemAsync(string path, string name, CancellationToken cancellation)
    {
        var length = new FileInfo(path) is { Exists: true } file ? file.Length : 0;
        if (Size is { } size && length != size)
            return $"{name} has {length} bytes where {size} were announced";
        if (Sha256 is not null && await Sha256Async(path, cancellation) is var sha256 && sha256 != Sha256)
            return $"SHA-256 of {name} is {sha256} where {Sha256} was announced";
        return GitSha1 is not null && await GitSha1Async(path, length, cancellation) is var blob && blob != GitSha1 ? $"the Git hash of {name} is {blob} where {GitSha1} was announced" : null;
    }

    private static async Task<string> Sha256Async(string path, CancellationToken cancellation)
    {
        await using var content = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellation));
    }

    private static async Task<string> GitSha1Async(string path, long length, CancellationToken cancellation)
    {
        using var hash = GitBlob.Begin(length);
        await using var content = File.OpenRead(path);
        var buffer = new byte[1 << 17];
        int read;
        while ((read = await content.ReadAsync(buffer, cancellation)) > 0)
            hash.AppendData(buffer.AsSpan(0, read));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
