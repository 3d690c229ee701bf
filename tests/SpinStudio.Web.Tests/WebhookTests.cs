using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Testing;

namespace SpinStudio.Web.Tests;

/// <summary>What a receiver on the loopback address gets of a team's webhook.</summary>
#pragma warning disable CA1001 // xunit disposes of it through IAsyncLifetime.
public sealed class WebhookTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly StudioHost host = new();
    private readonly ConcurrentQueue<Request> received = new();
    private readonly LoopbackServer receiver;
    private Func<int, (int Status, string Body)> answer = _ => (200, "thanks");
    private Browser admin = null!;

    public WebhookTests() => receiver = new LoopbackServer(TakeAsync);

    public async Task InitializeAsync()
    {
        host.With("Studio:AllowedHosts", receiver.Address.Authority).With("Studio:WebhookRetrySeconds", "0.001");
        await host.InitializeAsync();
        admin = await host.AdminAsync();
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        receiver.Dispose();
    }

    [Fact]
    public async Task The_end_of_a_run_is_sent_signed_and_once()
    {
        var (hook, secret) = await AddAsync("run.completed");
        var run = await admin.StartAsync(host, "quick");
        await admin.WaitForStatusAsync(run, "completed");
        var delivery = await DeliveryAsync(hook, "delivered");
        var request = Assert.Single(received);
        var body = JsonDocument.Parse(request.Body).RootElement;
        Assert.Equal("run.completed", body.GetProperty("event").GetString());
        Assert.Equal(run, body.GetProperty("subject_id").GetGuid());
        Assert.Equal($"/runs/{run}", body.GetProperty("path").GetString());
        Assert.Equal(body.GetProperty("id").GetGuid(), delivery.GetProperty("id").GetGuid());
        Assert.Equal(body.GetProperty("id").GetString(), request.Delivery);

        var parts = request.Signature.Split(',').Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{parts["t"]}.{request.Body}"))), parts["v1"]);
        Assert.InRange(DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts["t"], System.Globalization.CultureInfo.InvariantCulture)), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
        await using var db = host.Db();
        Assert.DoesNotContain(secret, (await db.Webhooks.SingleAsync()).Secret, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, (await admin.GetJsonAsync("/api/v1/webhooks")).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_delivery_is_tried_again_with_the_same_id_over_a_restart()
    {
        var (hook, _) = await AddAsync("run.completed");
        answer = number => number < 3 ? (503, "not yet") : (204, "");
        (await admin.PostAsync($"/api/v1/webhooks/{hook}/test")).EnsureSuccessStatusCode();
        Assert.Equal(3, (await DeliveryAsync(hook, "delivered")).GetProperty("attempts").GetInt32());
        Assert.Single(received.Select(request => request.Delivery).Distinct());

        await host.StopAsync();
        var waiting = new WebhookDelivery { WebhookId = hook, Kind = "test", Body = "{}", CreatedAt = DateTimeOffset.UtcNow, NextAt = DateTimeOffset.UtcNow };
        await host.InitializeAsync();
        await using (var db = host.Db())
        {
            db.Add(waiting);
            await db.SaveChangesAsync();
        }

        await host.RestartAsync();
        admin = await host.AdminAsync();
        await WaitAsync(() => Task.FromResult(received.Any(request => request.Delivery == waiting.Id.ToString())), "the delivery that waited while the studio was away");
    }

    [Fact]
    public async Task After_ten_failures_in_a_row_it_is_switched_off_and_the_admin_told()
    {
        var (hook, _) = await AddAsync("run.completed");
        answer = _ => (500, "<script>alert(1)</script>\u202e" + new string('x', 1000));
        (await admin.PostAsync($"/api/v1/webhooks/{hook}/test")).EnsureSuccessStatusCode();
        var first = await DeliveryAsync(hook, "failed");
        Assert.Equal(8, first.GetProperty("attempts").GetInt32());
        Assert.Equal(500, first.GetProperty("status").GetInt32());
        Assert.Equal(200, first.GetProperty("answer").GetString()!.Length);
        Assert.DoesNotContain('\u202e', first.GetProperty("answer").GetString()!);
        (await admin.PostAsync($"/api/v1/webhooks/{hook}/test")).EnsureSuccessStatusCode();
        await WaitAsync(async () => !(await admin.GetJsonAsync("/api/v1/webhooks"))[0].GetProperty("enabled").GetBoolean(), "the webhook to be switched off");
        Assert.Contains("was switched off after 10 failed attempts in a row.", (await admin.GetJsonAsync("/api/v1/notifications")).ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync($"/api/v1/webhooks/{hook}/test")).StatusCode);
        Assert.Equal(10, received.Count);

        answer = _ => (200, "back");
        (await admin.SendAsync(HttpMethod.Patch, $"/api/v1/webhooks/{hook}", JsonContent.Create(new { enabled = true }))).EnsureSuccessStatusCode();
        (await admin.PostAsync($"/api/v1/webhooks/{hook}/test")).EnsureSuccessStatusCode();
        Assert.Equal("back", (await DeliveryAsync(hook, "delivered")).GetProperty("answer").GetString());
    }

    [Fact]
    public async Task Addresses_and_events_that_cannot_be_are_refused_in_words()
    {
        foreach (var (address, kinds, words) in new[]
        {
            ("http://127.0.0.1:1/", new[] { "run.completed" }, "is not a public address"),
            ("http://169.254.169.254/latest", ["run.completed"], "is not a public address"),
            ("ftp://example.org/", ["run.completed"], "starts with https://"),
            ("https://user:pass@example.org/", ["run.completed"], "user name or password"),
            ("https://example.org/" + new string('x', 2000), ["run.completed"], "at most 2,000 characters"),
            ("https://example.org/", [], "Choose at least one event"),
            ("https://example.org/", ["mention"], "There is no event 'mention'"),
        })
        {
            var refused = await admin.PostAsync("/api/v1/webhooks", new { address, events = kinds });
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains(words, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(0, (await admin.GetJsonAsync("/api/v1/webhooks")).GetArrayLength());
    }

    private async Task<(Guid Id, string Secret)> AddAsync(params string[] events)
    {
        var created = await admin.PostAsync("/api/v1/webhooks", new { address = receiver.Address, events });
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var hook = await created.Content.ReadFromJsonAsync<JsonElement>();
        return (hook.GetProperty("webhook").GetProperty("id").GetGuid(), hook.GetProperty("secret").GetString()!);
    }

    /// <summary>The newest delivery, once it is in that state.</summary>
    private async Task<JsonElement> DeliveryAsync(Guid hook, string state)
    {
        JsonElement newest = default;
        await WaitAsync(async () =>
        {
            var all = await admin.GetJsonAsync($"/api/v1/webhooks/{hook}/deliveries");
            newest = all.GetArrayLength() > 0 ? all[0] : default;
            return all.GetArrayLength() > 0 && newest.GetProperty("state").GetString() == state;
        }, $"a delivery to be {state}");
        return newest;
    }

    private static async Task WaitAsync(Func<Task<bool>> condition, string what)
    {
        for (var i = 0; i < 400; i++)
        {
            if (await condition())
                return;
            await Task.Delay(50);
        }

        throw new InvalidOperationException($"Waited in vain for {what}.");
    }

    private async Task TakeAsync(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream);
        var body = await reader.ReadToEndAsync();
        received.Enqueue(new Request(body, context.Request.Headers["X-SpinStudio-Signature"]!, context.Request.Headers["X-SpinStudio-Delivery"]!));
        var (status, text) = answer(received.Count);
        context.Response.StatusCode = status;
        if (text.Length > 0)
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(text));
        context.Response.Close();
    }

    private sealed record Request(string Body, string Signature, string Delivery);
}
