using SpinStudio.Data;

namespace SpinStudio.Web.Features.Webhooks;

/// <param name="Address">http(s) and public, unless an administrator allows its host.</param>
/// <param name="Events">Kinds, such as run.completed.</param>
public sealed record NewWebhook(string Address, IReadOnlyList<string> Events);

/// <param name="Enabled">Switching on again forgets the failures.</param>
public sealed record WebhookChange(string? Address = null, IReadOnlyList<string>? Events = null, bool? Enabled = null);

/// <param name="Failures">Attempts in a row that failed.</param>
public sealed record WebhookInfo(Guid Id, string Address, IReadOnlyList<string> Events, string CreatedBy, DateTimeOffset CreatedAt, bool Enabled, int Failures, DateTimeOffset? LastAt, int? LastStatus);

/// <param name="Secret">What requests are signed with. Shown this once.</param>
public sealed record CreatedWebhook(WebhookInfo Webhook, string Secret);

/// <param name="Status">HTTP status of the last answer; null when there was none.</param>
/// <param name="Answer">At most 200 characters of the last answer, or why there was none.</param>
/// <param name="NextAt">Of the next attempt; null when there will be none.</param>
public sealed record DeliveryInfo(Guid Id, string Event, DeliveryState State, int Attempts, DateTimeOffset CreatedAt, DateTimeOffset? AttemptedAt, DateTimeOffset? NextAt, int? Status, string? Answer);
