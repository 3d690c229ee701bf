using System.Net;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Hub;

/// <summary>What a hub answers to something that was sent to it.</summary>
internal static class HubAnswer
{
    private const int LongestReason = 300;

    /// <summary>The answer's JSON; an empty object where there is no body.</summary>
    /// <param name="alsoFine">A status beside success that is none to complain of.</param>
    /// <exception cref="BadInputException">The hub refuses, with its own reason.</exception>
    /// <exception cref="IOException">The hub fails.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpResponseMessage response, Uri address, HttpStatusCode? alsoFine, CancellationToken cancellation)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        if (!response.IsSuccessStatusCode && response.StatusCode != alsoFine)
            throw Refused(response, address, body);
        try
        {
            return JsonDocument.Parse(body.Length == 0 || response.StatusCode == alsoFine ? "{}"u8.ToArray() : body);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{address.Authority} did not answer {address.AbsolutePath} with JSON; is it a Hugging Face-compatible hub?", e);
        }
    }

    /// <exception cref="BadInputException">The answer is no success.</exception>
    public static async Task CheckAsync(HttpResponseMessage response, Uri address, CancellationToken cancellation)
    {
        if (!response.IsSuccessStatusCode)
            throw Refused(response, address, await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    private static Exception Refused(HttpResponseMessage response, Uri address, byte[] body)
    {
        var status = (int)response.StatusCode;
        var reason = ReasonIn(body);
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                new BadInputException($"{address.Authority} refuses to write ({status}) at {address.AbsolutePath}{reason}. The token in {HubOptions.TokenVariable} must be one that may write there"),
            HttpStatusCode.NotFound => new BadInputException($"{address.Authority} has no {address.AbsolutePath} ({status}){reason}; check name and branch, or push with --create"),
            _ when status >= 500 || response.StatusCode == HttpStatusCode.TooManyRequests => new IOException($"{address.Authority} failed ({status}){reason}; push again later, what has arrived is not sent twice"),
            _ when status is >= 300 and < 400 => new BadInputException($"{address.Authority} sends {address.AbsolutePath} elsewhere ({status}), where nothing is written; use the repository's present name"),
            _ => new BadInputException($"{address.Authority} refuses {address.AbsolutePath} ({status}){reason}"),
        };
    }

    /// <summary>The hub's own words, on one line.</summary>
    private static string ReasonIn(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object || (json.RootElement.Get("error") ?? json.RootElement.Get("message")) is not { ValueKind: JsonValueKind.String } text)
                return "";
            var words = new StringBuilder(": ");
            foreach (var c in text.GetString()!.Take(LongestReason))
                words.Append(char.IsControl(c) ? ' ' : c);
            return words.ToString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }
}
