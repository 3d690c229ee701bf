using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SpinStudio.Web.Security;

/// <summary>Secrets in links and tokens: 256 random bits, shown once, of which only the hash is kept. A slow hash would add nothing: there is nothing to guess.</summary>
internal static class Secrets
{
    private const int Bytes = 32;

    /// <summary>43 characters of base64url.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>SHA-256 in lower-case hex.</summary>
    public static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Takes equally long wherever they differ.</summary>
    public static bool Same(string hash, string other) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(hash), Encoding.ASCII.GetBytes(other));
}
