using System.Net;
using System.Net.Http.Headers;

namespace SpinStudio.Engine.Hub;

/// <summary>Requests to a server that is not trusted: redirects are followed by hand, each one checked, and the token never leaves the origin that it is for.</summary>
/// <param name="http">Its handler must not follow redirects itself.</param>
/// <param name="token">A bearer token for the origin of the first address; null for none.</param>
/// <param name="mayFollow">Whether a redirect may lead there.</param>
public sealed class HttpSource(HttpClient http, string? token, Func<Uri, bool> mayFollow, TimeProvider? time = null)
{
    private const int MostRedirects = 8;

    /// <summary>Bytes that the answer to something sent may have.</summary>
    private const int LongestAnswer = 8 << 20;

    /// <summary>How long a server may be silent before the connection counts as lost.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a lost connection or a busy server is asked.</summary>
    public int MostTries { get; init; } = 6;

    /// <summary>A server that asks to wait longer is not waited for.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Wait before the first new try; doubles from try to try.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    private TimeProvider Time { get; } = time ?? TimeProvider.System;

    /// <summary>A handler for <see cref="HttpSource"/> that goes wherever it is told; the environment's proxy is used.</summary>
    public static SocketsHttpHandler Handler() => new() { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(30) };

    /// <summary>Asks, waiting where the server says that it is busy (429, 503), and trying again where the connection fails.</summary>
    /// <param name="range">First byte wanted, and the ETag or date that the bytes before it had; null for everything.</param>
    /// <returns>An answer with status 200, 206 or 416; dispose of it.</returns>
    /// <exception cref="BadInputException">The server refuses, or redirects to where it may not.</exception>
    /// <exception cref="IOException">No answer after several tries.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri address, (long From, RangeConditionHeaderValue? If)? range, CancellationToken cancellation)
    {
        var response = await TryAsync(address, () => FollowAsync(address, range, cancellation), cancellation);
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable)
            return response;
        using (response)
            throw Refused(response, address);
    }

    /// <summary>Sends something, with the patience of <see cref="GetAsync"/>. A redirect is an answer like any other here: what is sent goes where it was meant to go or nowhere.</summary>
    /// <param name="origin">Where the token may go.</param>
    /// <param name="make">A fresh request for each try. What it is told to call while its body goes out keeps the connection from counting as silent.</param>
    /// <returns>Whatever the server answers, unless it is busy, with its body; dispose of it.</returns>
    /// <exception cref="IOException">No answer after several tries.</exception>
    public Task<HttpResponseMessage> SendAsync(Uri address, Uri origin, Func<Action, HttpRequestMessage> make, CancellationToken cancellation) => TryAsync(address, async () =>
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Silence);
        using var request = make(() => limit.CancelAfter(Silence));
        Introduce(request, origin);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        await response.Content.LoadIntoBufferAsync(LongestAnswer, limit.Token);
        return response;
    }, cancellation);

    private async Task<HttpResponseMessage> TryAsync(Uri address, Func<Task<HttpResponseMessage>> ask, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            HttpResponseMessage response;
            try
            {
                response = await ask();
            }
            catch (Exception lost) when (IsLost(lost, cancellation))
            {
                if (tries == MostTries)
                    throw new IOException($"no answer from {address.Authority} after {MostTries} tries: {Words(lost)}", lost);
                await PauseAsync(tries, cancellation);
                continue;
            }
            if (WaitFor(response, tries) is not { } wait || tries == MostTries)
                return response;
            response.Dispose();
            await Task.Delay(wait, Time, cancellation);
        }
    }

    /// <summary>Waits before a try after a lost connection.</summary>
    internal Task PauseAsync(int failures, CancellationToken cancellation) => Task.Delay(FirstWait * Math.Pow(2, failures - 1), Time, cancellation);

    /// <summary>True for what a new try may cure.</summary>
    internal static bool IsLost(Exception exception, CancellationToken cancellation) =>
        (exception is HttpRequestException or IOException && exception.GetBaseException() is not BadInputException) || (exception is OperationCanceledException && !cancellation.IsCancellationRequested);

    internal static string Words(Exception lost) => lost is OperationCanceledException ? "the server fell silent" : lost.GetBaseException().Message;

    private async Task<HttpResponseMessage> FollowAsync(Uri address, (long From, RangeConditionHeaderValue? If)? range, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Silence);
        var at = address;
        for (var redirects = 0; redirects <= MostRedirects; redirects++)
        {
            using var request = Request(at, address, range);
            HttpResponseMessage response;
            try
            {
                response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            }
            catch (HttpRequestException refused) when (refused.GetBaseException() is BadInputException why)
            {
                // Whoever guards the connections said no.
                throw new BadInputException(why.Message, refused);
            }
            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location)
                return response;
            response.Dispose();
            var next = location.IsAbsoluteUri ? location : new Uri(at, location);
            if (next.Scheme is not ("https" or "http") || (at.Scheme == "https" && next.Scheme == "http") || next.UserInfo.Length > 0 || !mayFollow(next))
                throw new BadInputException($"{at.Authority} redirects to {next.Scheme}://{next.Authority}, which is not an allowed address");
            at = next;
        }
        throw new BadInputException($"{address.Authority} redirects more than {MostRedirects} times");
    }

    private HttpRequestMessage Request(Uri at, Uri origin, (long From, RangeConditionHeaderValue? If)? range)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, at);
        request.Headers.AcceptEncoding.ParseAdd("identity");
        if (range is { } part)
            (request.Headers.Range, request.Headers.IfRange) = (new RangeHeaderValue(part.From, null), part.If);
        Introduce(request, origin);
        return request;
    }

    private void Introduce(HttpRequestMessage request, Uri origin)
    {
        var at = request.RequestUri!;
        request.Headers.UserAgent.ParseAdd("spinstudio");
        if (token is not null && at.Scheme == origin.Scheme && at.Authority == origin.Authority && (at.Scheme == "https" || at.IsLoopback))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Null: trying again would not help.</summary>
    private TimeSpan? WaitFor(HttpResponseMessage response, int tries)
    {
        if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout) && (int)response.StatusCode < 500)
            return null;
        var asked = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - Time.GetUtcNow(),
            _ => FirstWait * Math.Pow(2, tries - 1),
        };
        return asked > LongestWait ? null : asked < TimeSpan.Zero ? TimeSpan.Zero : asked;
    }

    private Exception Refused(HttpResponseMessage response, Uri address)
    {
        var status = (int)response.StatusCode;
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new BadInputException(
                $"{address.Authority} refuses access ({status}) to {address.AbsolutePath}: it is private or gated, or does not exist."
                + (token is null ? $" Set {HubOptions.TokenVariable} to a token that may read it." : $" The token in {HubOptions.TokenVariable} may not read it.")),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new BadInputException($"{address.Authority} has no {address.AbsolutePath} ({status}); check name and revision"),
            HttpStatusCode.TooManyRequests => new IOException($"{address.Authority} takes no more requests for now (429){After(response)}; try again later"),
            _ => status >= 500 ? new IOException($"{address.Authority} failed ({status}); try again later") : new BadInputException($"{address.Authority} answered {status} to {address.AbsolutePath}"),
        };
    }

    private static string After(HttpResponseMessage response) => response.Headers.RetryAfter is { Delta: { } delta } ? $" and asks to wait {delta.TotalMinutes:0} minutes" : "";
}
