using System.Text.Json;
using SpinStudio.Data;

namespace SpinStudio.Web.Features.Webhooks;

/// <summary>What a webhook is sent.</summary>
/// <param name="Id">Of the delivery; the same over all its attempts, so that a receiver can tell a repetition.</param>
/// <param name="Event">Kind, such as run.completed.</param>
/// <param name="SubjectId">Of the run that it is about.</param>
/// <param name="Text">One line for people.</param>
/// <param name="Path">Of the page in the studio.</param>
internal sealed record WebhookBody(Guid Id, string Event, DateTimeOffset At, WebhookTeam Team, Guid? SubjectId, string Text, string? Path)
{
    public static WebhookDelivery Delivery(Webhook hook, TeamEvent happened, string team, JsonSerializerOptions options)
    {
        var delivery = new WebhookDelivery { WebhookId = hook.Id, Kind = happened.Kind, Body = "", CreatedAt = happened.At, NextAt = happened.At };
        delivery.Body = JsonSerializer.Serialize(new WebhookBody(delivery.Id, happened.Kind, happened.At, new WebhookTeam(hook.TeamId, team), happened.SubjectId, happened.Text, happened.Path), options);
        return delivery;
    }
}

internal sealed record WebhookTeam(Guid Id, string Name);
