using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Web.Features.Notifications;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Webhooks;

/// <summary>
/// Sends what is due, one delivery after the other, and tries again with growing pauses. Its list is the database: what was waiting when the studio stopped is sent when it starts. A webhook whose
/// attempts failed too often in a row is switched off.
/// </summary>
public sealed class WebhookSender(
    IDbContextFactory<StudioDb> databases, OutboundAddresses outbound, IDataProtectionProvider protection, WebhookQueue queue, TeamEvents events, IOptions<StudioOptions> options, TimeProvider time,
    ILogger<WebhookSender> logger) : BackgroundService
{
    /// <summary>Attempts of one delivery.</summary>
    public const int MostAttempts = 8;

    /// <summary>Failed attempts in a row after which a webhook is switched off.</summary>
    public const int MostFailures = 10;

    /// <summary>Characters of an answer that are kept.</summary>
    public const int AnswerCharacters = 200;

    private const int AnswerBytes = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private readonly IDataProtector protector = protection.CreateProtector(WebhookService.Purpose);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await queue.WaitAsync(await SendDueAsync(stoppingToken), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                logger.LogDebug("Webhooks rest until the studio starts again");
            }
#pragma warning disable CA1031 // It is logged, and what is waiting is tried again after a rest.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                logger.LogError(fault, "Webhooks were not sent");
                await queue.WaitAsync(Rest, stoppingToken);
            }
        }
    }

    /// <returns>How long nothing is due.</returns>
    private async Task<TimeSpan> SendDueAsync(CancellationToken stopping)
    {
        while (true)
        {
            await using var db = await databases.CreateDbContextAsync(stopping);
            var next = await db.WebhookDeliveries.Include(row => row.Webhook).Where(row => row.State == DeliveryState.Waiting).OrderBy(row => row.NextAt).FirstOrDefaultAsync(stopping);
            var pause = next is null ? Rest : next.NextAt - time.GetUtcNow();
            if (pause > TimeSpan.Zero)
            {
                return pause < Rest ? pause : Rest;
            }

            var (status, answer) = next!.Webhook!.DisabledAt is null ? await AttemptAsync(next, stopping) : (null, "The webhook is switched off.");
            await ConcludeAsync(db, next, status, answer, stopping);
        }
    }

    private async Task<(int? Status, string Answer)> AttemptAsync(WebhookDelivery delivery, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, outbound.Check(delivery.Webhook!.Address)) { Content = new StringContent(delivery.Body, Encoding.UTF8, "application/json") };
            request.Headers.UserAgent.ParseAdd("SpinStudio");
            request.Headers.Add("X-SpinStudio-Event", delivery.Kind);
            request.Headers.Add("X-SpinStudio-Delivery", delivery.Id.ToString());
            request.Headers.Add(WebhookSignature.Header, WebhookSignature.Of(protector.Unprotect(delivery.Webhook.Secret), time.GetUtcNow(), delivery.Body));
            using var answer = await outbound.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return ((int)answer.StatusCode, await BeginningAsync(answer.Content, limit.Token));
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return (null, string.Create(CultureInfo.InvariantCulture, $"No answer within {Patience.TotalSeconds:0} s."));
        }
        catch (Exception refused) when (refused is HttpRequestException or IOException or BadInputException)
        {
            return (null, Shown(refused.InnerException is BadInputException inner ? inner.Message : refused.Message));
        }
        catch (CryptographicException)
        {
            return (null, "The secret was encrypted with keys that this studio no longer has; delete this webhook and add it again.");
        }
    }

    private async Task ConcludeAsync(StudioDb db, WebhookDelivery delivery, int? status, string answer, CancellationToken stopping)
    {
        var hook = delivery.Webhook!;
        var now = time.GetUtcNow();
        (delivery.Status, delivery.Answer, delivery.AttemptedAt) = (status, answer, now);
        if (hook.DisabledAt is not null)
        {
            delivery.State = DeliveryState.Failed;
        }
        else if (status is >= 200 and < 300)
        {
            (delivery.Attempts, delivery.State, hook.Failures) = (delivery.Attempts + 1, DeliveryState.Delivered, 0);
        }
        else
        {
            (delivery.Attempts, hook.Failures) = (delivery.Attempts + 1, hook.Failures + 1);
            delivery.State = delivery.Attempts < MostAttempts ? DeliveryState.Waiting : DeliveryState.Failed;
            delivery.NextAt = now + TimeSpan.FromSeconds(options.Value.WebhookRetrySeconds * Math.Pow(2, delivery.Attempts - 1));
            hook.DisabledAt = hook.Failures < MostFailures ? null : now;
            if (hook.DisabledAt is not null)
            {
                await TellDisabledAsync(db, hook, now, stopping);
            }
        }

        try
        {
            await db.SaveChangesAsync(stopping);
        }
        catch (DbUpdateConcurrencyException)
        {
            logger.LogDebug("Webhook {Webhook} was deleted while it was sent to", hook.Id);
        }

        await db.WebhookDeliveries.Where(row => row.WebhookId == hook.Id && row.CreatedAt < now - Kept && row.State != DeliveryState.Waiting).ExecuteDeleteAsync(stopping);
    }

    private async Task TellDisabledAsync(StudioDb db, Webhook hook, DateTimeOffset now, CancellationToken cancellation)
    {
        var admins = await db.TeamMembers.Where(member => member.TeamId == hook.TeamId && member.Role == TeamRole.Admin).Select(member => member.UserId).ToListAsync(cancellation);
        await events.AddAsync(db, new TeamEvent
        {
            TeamId = hook.TeamId, Kind = EventKinds.WebhookDisabled, Key = $"{EventKinds.WebhookDisabled}:{hook.Id}:{now.UtcTicks}", SubjectId = hook.Id, Path = "/settings/webhooks", At = now,
            Text = $"The webhook to {new Uri(hook.Address).Authority} was switched off after {hook.Failures} failed attempts in a row.",
        }, admins, cancellation);
    }

    private static async Task<string> BeginningAsync(HttpContent content, CancellationToken cancellation)
    {
        var buffer = new byte[AnswerBytes];
        await using var body = await content.ReadAsStreamAsync(cancellation);
        return Shown(Encoding.UTF8.GetString(buffer, 0, await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation)));
    }

    /// <summary>One line of plain characters, whatever the receiver says.</summary>
    private static string Shown(string text)
    {
        var line = string.Concat(text.Select(character => char.IsControl(character) || CharUnicodeInfo.GetUnicodeCategory(character) == UnicodeCategory.Format || char.IsSurrogate(character) ? ' ' : character)).Trim();
        return line.Length <= AnswerCharacters ? line : line[..AnswerCharacters];
    }
}
