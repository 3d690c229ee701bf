using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SpinStudio.Engine.Hub;

/// <summary>The name that Git gives a file: SHA-1 of "blob", the length, a zero byte and the content.</summary>
internal static class GitBlob
{
    /// <summary>A hash to which the content is still to be appended.</summary>
    public static IncrementalHash Begin(long length)
    {
#pragma warning disable CA5350 // Git's own naming of blobs, not a choice of ours.
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {length}\0")));
        return hash;
    }
}
