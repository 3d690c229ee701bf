using System.Net;
using System.Threading.RateLimiting;

namespace SpinStudio.Web.Security;

/// <summary>Counts wrong tokens by address: after too many of them, none from there is looked at until the minute is over.</summary>
internal sealed class TokenThrottle : IDisposable
{
    private const int WrongPerMinute = 30;

    private readonly PartitionedRateLimiter<string> wrong = PartitionedRateLimiter.Create<string, string>(address =>
        RateLimitPartition.GetFixedWindowLimiter(address, _ => new FixedWindowRateLimiterOptions { PermitLimit = WrongPerMinute, Window = TimeSpan.FromMinutes(1) }));

    public bool IsExhausted(IPAddress? address)
    {
        using var lease = wrong.AttemptAcquire(Key(address), permitCount: 0);
        return !lease.IsAcquired;
    }

    public void Count(IPAddress? address) => wrong.AttemptAcquire(Key(address)).Dispose();

    public void Dispose() => wrong.Dispose();

    private static string Key(IPAddress? address) => address?.ToString() ?? "unknown";
}
