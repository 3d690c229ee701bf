using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Notifications;
using SpinStudio.Web.Security;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace SpinStudio.Web.Features.Webhooks;

/// <summary>The webhooks of the current user's team. All of it needs the role Admin.</summary>
public sealed class WebhookService(
    IDbContextFactory<StudioDb> databases, CurrentUser currentUser, OutboundAddresses outbound, IDataProtectionProvider protection, WebhookQueue queue, AuditLog audit, IOptions<JsonOptions> json, TimeProvider time)
{
    /// <summary>Webhooks of one team.</summary>
    public const int Most = 10;

    /// <summary>Deliveries that the log shows.</summary>
    public const int MostListed = 50;

    private const int LongestAddress = 2000;

    /// <summary>What secrets are encrypted for.</summary>
    internal const string Purpose = "SpinStudio.Webhooks";

    public async Task<IReadOnlyList<WebhookInfo>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var hooks = await db.Webhooks.AsNoTracking().Where(hook => hook.TeamId == me.TeamId).OrderBy(hook => hook.CreatedAt).ToListAsync(cancellation);
        var infos = new List<WebhookInfo>();
        foreach (var hook in hooks)
        {
            infos.Add(await InfoAsync(db, hook, cancellation));
        }

        return infos;
    }

    public async Task<CreatedWebhook> CreateAsync(NewWebhook wanted, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        var (address, kinds) = (Address(wanted.Address), Kinds(wanted.Events));
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Webhooks.CountAsync(hook => hook.TeamId == me.TeamId, cancellation) >= Most)
        {
            throw new StudioException(Refusal.Conflict, $"The team has {Most} webhooks, which is the limit; delete one first.");
        }

        var secret = "whsec_" + Secrets.New();
        var hook = new Webhook { TeamId = me.TeamId, Address = address, Kinds = kinds, Secret = protection.CreateProtector(Purpose).Protect(secret), CreatedBy = me.Name, CreatedAt = time.GetUtcNow() };
        db.Webhooks.Add(hook);
        audit.Add(db, me, "webhook.create", hook.Id, Host(hook));
        await db.SaveChangesAsync(cancellation);
        return new CreatedWebhook(await InfoAsync(db, hook, cancellation), secret);
    }

    public async Task<WebhookInfo> ChangeAsync(Guid id, WebhookChange change, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (me, hook) = await FindAsync(db, id, cancellation);
        hook.Address = change.Address is null ? hook.Address : Address(change.Address);
        hook.Kinds = change.Events is null ? hook.Kinds : Kinds(change.Events);
        if (change.Enabled is { } enabled)
        {
            (hook.DisabledAt, hook.Failures) = (enabled ? null : hook.DisabledAt ?? time.GetUtcNow(), enabled ? 0 : hook.Failures);
        }

        audit.Add(db, me, "webhook.change", hook.Id, Host(hook));
        await db.SaveChangesAsync(cancellation);
        return await InfoAsync(db, hook, cancellation);
    }

    /// <summary>With its log and what was still on its way.</summary>
    public async Task DeleteAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (me, hook) = await FindAsync(db, id, cancellation);
        db.Webhooks.Remove(hook);
        audit.Add(db, me, "webhook.delete", hook.Id, Host(hook));
        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<DeliveryInfo>> DeliveriesAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (_, hook) = await FindAsync(db, id, cancellation);
        var rows = await db.WebhookDeliveries.AsNoTracking().Where(row => row.WebhookId == hook.Id).OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Take(MostListed).ToListAsync(cancellation);
        return [.. rows.Select(Info)];
    }

    /// <summary>Sends a test event, once what is due before it was sent.</summary>
    public async Task<DeliveryInfo> TestAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (me, hook) = await FindAsync(db, id, cancellation);
        if (hook.DisabledAt is not null)
        {
            throw new StudioException(Refusal.Conflict, "This webhook is switched off; switch it on first.");
        }

        var happened = new TeamEvent { TeamId = me.TeamId, Kind = EventKinds.Test, Key = "", Text = $"{me.Name} tests this webhook.", Path = "/settings/webhooks", At = time.GetUtcNow() };
        var delivery = WebhookBody.Delivery(hook, happened, me.TeamName, json.Value.SerializerOptions);
        db.WebhookDeliveries.Add(delivery);
        await db.SaveChangesAsync(cancellation);
        queue.Wake();
        return Info(delivery);
    }

    private static async Task<WebhookInfo> InfoAsync(StudioDb db, Webhook hook, CancellationToken cancellation)
    {
        var last = await db.WebhookDeliveries.Where(row => row.WebhookId == hook.Id && row.AttemptedAt != null).OrderByDescending(row => row.AttemptedAt).Select(row => new { row.AttemptedAt, row.Status }).FirstOrDefaultAsync(cancellation);
        return new WebhookInfo(hook.Id, hook.Address, hook.Kinds.Split(' '), hook.CreatedBy, hook.CreatedAt, hook.DisabledAt is null, hook.Failures, last?.AttemptedAt, last?.Status);
    }

    private static DeliveryInfo Info(WebhookDelivery row) => new(row.Id, row.Kind, row.State, row.Attempts, row.CreatedAt, row.AttemptedAt, row.State == DeliveryState.Waiting ? row.NextAt : null, row.Status, row.Answer);

    private async Task<(UserInfo Me, Webhook Hook)> FindAsync(StudioDb db, Guid id, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Admin, cancellation);
        return (me, await db.Webhooks.FirstOrDefaultAsync(hook => hook.Id == id && hook.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("webhook"));
    }

    private string Address(string? address) => address is { Length: <= LongestAddress }
        ? outbound.Check(address).AbsoluteUri
        : throw new StudioException(Refusal.Invalid, $"A webhook needs an address of at most {LongestAddress:N0} characters.");

    private static string Kinds(IReadOnlyList<string>? wanted)
    {
        var known = EventKinds.ForWebhooks.Select(kind => kind.Key).ToList();
        if (wanted is not { Count: > 0 })
        {
            throw new StudioException(Refusal.Invalid, $"Choose at least one event among {string.Join(", ", known)}.");
        }

        return wanted.Except(known).FirstOrDefault() is { } unknown
            ? throw new StudioException(Refusal.Invalid, $"There is no event '{unknown}'; choose among {string.Join(", ", known)}.")
            : string.Join(' ', known.Intersect(wanted));
    }

    /// <summary>The rest of an address may hold secrets, which do not belong into the log.</summary>
    private static string Host(Webhook hook) => new Uri(hook.Address).Authority;
}
