using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using SpinStudio.Data;

namespace SpinStudio.Web.Features.Servers;

/// <summary>
/// Encrypts API keys with the studio's key ring, each for its server at its address: a row whose address was changed, by whatever way, has no key any more, so that a
/// key goes nowhere but where it was given for.
/// </summary>
public sealed class ServerKeys(IDataProtectionProvider provider)
{
    private const string Purpose = "SpinStudio.ServerKey";

    internal string Protect(TeamServer server, string key) => For(server).Protect(key);

    /// <returns>Null when it has none.</returns>
    /// <exception cref="ServerTrouble">It cannot be decrypted: the key ring is another one, or the address was changed.</exception>
    internal string? Of(TeamServer server)
    {
        try
        {
            return server.ProtectedKey is { } kept ? For(server).Unprotect(kept) : null;
        }
        catch (CryptographicException)
        {
            throw new ServerTrouble(TroubleKind.Server, $"The key of {server.Name} cannot be read: the studio's key ring was replaced. An Admin enters it again under Settings.");
        }
    }

    private IDataProtector For(TeamServer server) => provider.CreateProtector(Purpose, server.Id.ToString("N"), server.Address);
}
