using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Web.Features.Webhooks;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace SpinStudio.Web.Features.Notifications;

/// <summary>Writes an event down together with everybody who is told of it: people by what they chose, webhooks by their kinds.</summary>
public sealed class TeamEvents(IDbContextFactory<StudioDb> databases, WebhookQueue webhooks, IOptions<JsonOptions> json)
{
    /// <summary>Key of the user setting.</summary>
    internal const string Setting = "notifications";

    private const int LongestText = 1000;

    /// <summary>Tells of an event in a save of its own; does nothing when its key was told before.</summary>
    /// <param name="concerned">Whose thing it is.</param>
    internal async Task TellAsync(TeamEvent happened, IReadOnlyCollection<Guid> concerned, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.TeamEvents.AnyAsync(known => known.Key == happened.Key, cancellation))
        {
            return;
        }

        await AddAsync(db, happened, concerned, cancellation);
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException)
        {
            // Somebody told the same thing in this moment, unless it was something else that went wrong.
            await using var look = await databases.CreateDbContextAsync(cancellation);
            if (!await look.TeamEvents.AnyAsync(known => known.Key == happened.Key, cancellation))
            {
                throw;
            }
        }

        webhooks.Wake();
    }

    /// <summary>Adds an event to what <paramref name="db"/> is about to save.</summary>
    internal async Task AddAsync(StudioDb db, TeamEvent happened, IReadOnlyCollection<Guid> concerned, CancellationToken cancellation)
    {
        happened.Text = happened.Text.Length <= LongestText ? happened.Text : happened.Text[..(LongestText - 1)] + "…";
        db.TeamEvents.Add(happened);
        foreach (var person in await PeopleAsync(db, happened, concerned, cancellation))
        {
            db.Notifications.Add(new Notification { UserId = person, EventId = happened.Id });
        }

        if (EventKinds.ForWebhooks.All(kind => kind.Key != happened.Kind))
        {
            return;
        }

        var team = await db.Teams.Where(row => row.Id == happened.TeamId).Select(row => row.Name).FirstAsync(cancellation);
        foreach (var hook in await db.Webhooks.Where(hook => hook.TeamId == happened.TeamId && hook.DisabledAt == null).ToListAsync(cancellation))
        {
            if (hook.Kinds.Split(' ').Contains(happened.Kind))
            {
                db.WebhookDeliveries.Add(WebhookBody.Delivery(hook, happened, team, json.Value.SerializerOptions));
            }
        }
    }

    private async Task<List<Guid>> PeopleAsync(StudioDb db, TeamEvent happened, IReadOnlyCollection<Guid> concerned, CancellationToken cancellation)
    {
        var kind = EventKinds.All.First(kind => kind.Key == happened.Kind);
        var members = await db.TeamMembers.Where(member => member.TeamId == happened.TeamId)
            .Select(member => new { member.UserId, Chosen = db.UserSettings.Where(setting => setting.UserId == member.UserId && setting.Key == Setting).Select(setting => setting.Value).FirstOrDefault() })
            .ToListAsync(cancellation);
        return [.. members.Where(member => Wants(kind, member.Chosen, concerned.Contains(member.UserId))).Select(member => member.UserId)];
    }

    private bool Wants(EventKind kind, string? chosen, bool concerned) => Chosen(kind, chosen, json.Value.SerializerOptions) switch
    {
        Interest.Off => false,
        Interest.Team when !kind.Personal => true,
        _ => concerned,
    };

    /// <summary>What somebody chose for a kind; the usual when nothing was chosen or it can no longer be read.</summary>
    private static Interest Chosen(EventKind kind, string? setting, JsonSerializerOptions options)
    {
        try
        {
            return setting is not null && JsonSerializer.Deserialize<Dictionary<string, Interest>>(setting, options) is { } chosen && chosen.TryGetValue(kind.Key, out var interest) ? interest : kind.Usual;
        }
        catch (JsonException)
        {
            return kind.Usual;
        }
    }
}
