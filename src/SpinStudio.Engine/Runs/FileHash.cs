using System.Security.Cryptography;

namespace SpinStudio.Engine.Runs;

/// <summary>Content addresses.</summary>
public static class FileHash
{
    /// <summary>SHA-256 of a file, in lower-case hex.</summary>
    public static string Of(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
