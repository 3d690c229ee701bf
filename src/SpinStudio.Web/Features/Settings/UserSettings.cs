using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace SpinStudio.Web.Features.Settings;

/// <summary>What the current user chose or began, by key, kept on the server: how charts and tables look, a form's draft. JSON as the API writes it.</summary>
public sealed partial class UserSettings(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, IOptions<JsonOptions> json, TimeProvider time)
{
    /// <summary>Bytes of one value as JSON in UTF-8.</summary>
    public const int MostBytes = 256 * 1024;

    /// <summary>Keys of one person.</summary>
    public const int MostKeys = 200;

    /// <summary>Null when nothing was kept under this key, or what was kept no longer fits <typeparamref name="T"/>.</summary>
    public async Task<T?> GetAsync<T>(string key, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var value = await db.UserSettings.Where(setting => setting.UserId == me.Id && setting.Key == Checked(key)).Select(setting => setting.Value).FirstOrDefaultAsync(cancellation);
        try
        {
            return value is null ? default : JsonSerializer.Deserialize<T>(value, json.Value.SerializerOptions);
        }
        catch (JsonException)
        {
            return default; // Kept by an earlier version of the page; the page starts from its defaults.
        }
    }

    public async Task SetAsync<T>(string key, T value, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        var text = JsonSerializer.Serialize(value, json.Value.SerializerOptions);
        if (Encoding.UTF8.GetByteCount(text) is var bytes and > MostBytes)
        {
            throw new StudioException(Refusal.TooLarge, $"The setting {key} has {bytes:N0} bytes; {MostBytes:N0} are the limit.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await UpdateAsync(db, me.Id, Checked(key), text, cancellation))
        {
            return;
        }

        if (await db.UserSettings.CountAsync(setting => setting.UserId == me.Id, cancellation) >= MostKeys)
        {
            throw new StudioException(Refusal.Conflict, $"You have {MostKeys} kept settings, which is the limit; remove one first.");
        }

        db.UserSettings.Add(new UserSetting { UserId = me.Id, Key = key, Value = text, ChangedAt = time.GetUtcNow() });
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException)
        {
            // Another tab kept the same key in this moment: the later one wins, unless it was something else that went wrong.
            if (!await UpdateAsync(db, me.Id, key, text, cancellation))
            {
                throw;
            }
        }
    }

    public async Task RemoveAsync(string key, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await db.UserSettings.Where(setting => setting.UserId == me.Id && setting.Key == Checked(key)).ExecuteDeleteAsync(cancellation);
    }

    private async Task<bool> UpdateAsync(StudioDb db, Guid user, string key, string text, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return await db.UserSettings.Where(setting => setting.UserId == user && setting.Key == key)
            .ExecuteUpdateAsync(setting => setting.SetProperty(x => x.Value, text).SetProperty(x => x.ChangedAt, now), cancellation) > 0;
    }

    private static string Checked(string key) => Key().IsMatch(key)
        ? key
        : throw new StudioException(Refusal.Invalid, "The key of a setting has 1 to 100 of the characters a-z, 0-9, '-', ':' and '.'.");

    [GeneratedRegex(@"^[a-z0-9:.-]{1,100}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Key();
}
