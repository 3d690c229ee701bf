using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SpinStudio.Web.Features.Webhooks;

/// <summary>
/// The header <c>X-SpinStudio-Signature: t=SECONDS,v1=HEX</c>: HMAC-SHA256 (RFC 2104), keyed with the secret's UTF-8 bytes, over "SECONDS.BODY". The time is signed too, so that a
/// receiver can refuse what somebody recorded and sends again later.
/// </summary>
internal static class WebhookSignature
{
    public const string Header = "X-SpinStudio-Signature";

    public static string Of(string secret, DateTimeOffset at, string body)
    {
        var seconds = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"t={seconds},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{seconds}.{body}")))}";
    }
}
