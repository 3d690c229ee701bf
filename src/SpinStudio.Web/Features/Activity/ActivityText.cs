using SpinStudio.Data;

namespace SpinStudio.Web.Features.Activity;

/// <summary>The audit log in words.</summary>
internal static class ActivityText
{
    /// <summary>What can be filtered by.</summary>
    public static readonly IReadOnlyDictionary<string, string> Kinds = new Dictionary<string, string>
    {
        ["run"] = "Runs", ["dataset"] = "Datasets", ["model"] = "Models", ["queue"] = "Queue", ["preset"] = "Presets", ["upload"] = "Uploads", ["fetch"] = "Downloads", ["arena"] = "Arenas", ["judging"] = "Judgings", ["server"] = "Model servers", ["member"] = "People", ["invitation"] = "Invitations", ["team"] = "Team", ["account"] = "Accounts", ["token"] = "Tokens", ["sharing"] = "Sharing",
    };

    private static readonly Dictionary<string, string> Words = new()
    {
        ["account.setup"] = "set up the studio as", ["seed"] = "planted the sample", ["run.create"] = "started", ["run.stop"] = "stopped", ["run.resume"] = "resumed", ["run.pause"] = "paused",
        ["run.discard"] = "discarded", ["run.delete"] = "deleted", ["run.hold"] = "held back", ["run.release"] = "released", ["run.rename"] = "renamed", ["run.notes"] = "wrote notes on", ["run.tag"] = "tagged",
        ["run.untag"] = "took a tag from", ["run.pin"] = "pinned", ["run.unpin"] = "unpinned", ["run.archive"] = "archived", ["run.unarchive"] = "took out of the archive", ["run.trash"] = "put into the trash",
        ["run.restore"] = "restored", ["run.purge"] = "deleted the files of", ["run.share"] = "shared", ["run.unshare"] = "revoked a link to", ["run.comment"] = "commented on",
        ["run.comment-edit"] = "changed a comment on", ["run.comment-delete"] = "deleted a comment on", ["dataset.import"] = "imported", ["dataset.delete"] = "deleted the dataset", ["model.add"] = "added the model",
        ["model.promote"] = "promoted", ["model.rename"] = "renamed the model", ["model.delete"] = "deleted the model", ["queue.move"] = "moved in the queue", ["queue.pause"] = "paused the queue",
        ["queue.open"] = "let the queue go on", ["preset.save"] = "saved the preset", ["preset.delete"] = "deleted the preset", ["fetch.start"] = "started the download of", ["member.add"] = "added",
        ["member.role"] = "changed a role:", ["member.remove"] = "removed", ["member.join"] = "joined:", ["member.leave"] = "left:", ["member.reset"] = "made a link for a new password of", ["account.password"] = "changed the password of", ["account.reset"] = "chose a new password for", ["invitation.create"] = "made an invitation", ["invitation.revoke"] = "revoked an invitation", ["team.rename"] = "renamed the team:", ["team.create"] = "made the team", ["team.quota"] = "set the quota of", ["upload.create"] = "began to upload", ["upload.cancel"] = "cancelled the upload of", ["fetch.cancel"] = "cancelled the download of", ["fetch.retry"] = "tried again to download", ["fetch.remove"] = "took off the list the download of", ["token.create"] = "made the token", ["token.revoke"] = "revoked the token", ["sharing.stop"] = "stopped all share links of the", ["sharing.allow"] = "let share links open again for the",
        ["arena.create"] = "made the arena", ["arena.close"] = "closed the arena", ["arena.open"] = "opened the arena again", ["arena.delete"] = "deleted the arena", ["arena.dataset"] = "made of votes the dataset",
        ["server.add"] = "added the model server", ["server.change"] = "changed the model server", ["server.remove"] = "removed the model server", ["judging.start"] = "let a judge compare",
        ["judging.remove"] = "deleted the judging", ["webhook.create"] = "added the webhook to", ["webhook.change"] = "changed the webhook to", ["webhook.delete"] = "deleted the webhook to",
    };

    public static ActivityEntry Entry(AuditEntry entry) => new(entry.Id, entry.At, entry.UserName, entry.Action, Did(entry.Action), entry.Detail, Address(entry));

    /// <summary>An action without words of its own is told by its name: <c>run.hold</c> becomes "hold (run)".</summary>
    private static string Did(string action) => Words.GetValueOrDefault(action) ?? (action.IndexOf('.', StringComparison.Ordinal) is var dot and > 0 ? $"{action[(dot + 1)..].Replace('-', ' ')} ({action[..dot]})" : action);

    private static string? Address(AuditEntry entry) => (entry.Action.Split('.')[0], Guid.TryParse(entry.Subject, out var id)) switch
    {
        ("run", true) when entry.Action.StartsWith("run.comment", StringComparison.Ordinal) => $"/runs/{id}/discussion",
        ("run", true) when entry.Action is not ("run.delete" or "run.discard") => $"/runs/{id}",
        ("arena", true) when entry.Action == "arena.dataset" => $"/datasets/{id}",
        ("arena", true) when entry.Action != "arena.delete" => $"/arena/{id}",
        ("judging", true) when entry.Action != "judging.remove" => $"/judge/{id}",
        ("dataset", true) when entry.Action != "dataset.delete" => $"/datasets/{id}",
        ("model", true) when entry.Action != "model.delete" => $"/models/{id}",
        _ => null,
    };
}
