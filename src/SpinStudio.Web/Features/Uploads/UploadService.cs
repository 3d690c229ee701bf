using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Engine.Datasets;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Uploads;

/// <param name="Offset">Bytes that have arrived: where the next chunk starts.</param>
/// <param name="Length">Announced size in bytes.</param>
public sealed record UploadInfo(Guid Id, string FileName, long Offset, long Length, bool Complete, DateTimeOffset CreatedAt);

/// <summary>What an upload may hold at most.</summary>
/// <param name="FileBytes">A file.</param>
/// <param name="RowBytes">A row of it.</param>
/// <param name="TextLength">A prompt, answer or system message, in characters.</param>
/// <param name="Columns">Columns of a table, or keys of a row.</param>
/// <param name="Nesting">Brackets within brackets in a row of JSON.</param>
public sealed record UploadLimits(long FileBytes, int RowBytes, int TextLength, int Columns, int Nesting);

/// <summary>Files on their way in. Bytes go straight from the request to the disk; an interrupted upload continues where it ended.</summary>
public sealed class UploadService(
    IDbContextFactory<StudioDb> databases, CurrentUser currentUser, Quotas quotas, AuditLog audit, StudioPaths paths, IOptions<StudioOptions> options, TimeProvider time)
{
    private const int BufferSize = 1 << 16;

    /// <summary>Uploads that a request is writing to right now.</summary>
    private static readonly ConcurrentDictionary<Guid, bool> Writing = new();

    public async Task<UploadInfo> CreateAsync(string fileName, long length, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        CheckLength(length);
        await quotas.RequireDiskAsync(me.TeamId, length, "The upload", cancellation);
        var upload = new Upload { TeamId = me.TeamId, UserId = me.Id, FileName = ShownName(fileName), Length = length, CreatedAt = time.GetUtcNow() };
        await using var db = await databases.CreateDbContextAsync(cancellation);
        db.Uploads.Add(upload);
        audit.Add(db, me, "upload.create", upload.Id, upload.FileName);
        await db.SaveChangesAsync(cancellation);
        await File.Create(PathOf(upload.Id)).DisposeAsync();
        return Info(upload);
    }

    public UploadLimits Limits => new(options.Value.UploadLimitBytes, DatasetLimits.RowBytes, DatasetLimits.TextLength, DatasetLimits.Columns, DatasetLimits.Nesting);

    /// <summary>The current user's uploads that are not used up: under way, interrupted, or arrived. Newest first.</summary>
    public async Task<IReadOnlyList<UploadInfo>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var mine = await db.Uploads.Where(upload => upload.TeamId == me.TeamId && upload.UserId == me.Id).OrderByDescending(upload => upload.CreatedAt).ToListAsync(cancellation);
        return [.. mine.Select(Info)];
    }

    public async Task<UploadInfo> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return Info(await FindAsync(db, id, cancellation));
    }

    /// <summary>Adds bytes at <paramref name="offset"/>, which has to be where the file ends. What arrived before a lost connection is kept.</summary>
    public async Task<UploadInfo> AppendAsync(Guid id, long offset, Stream body, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var upload = await FindAsync(db, id, cancellation);
        if (!Writing.TryAdd(id, true))
        {
            throw new StudioException(Refusal.Conflict, "Another request is writing to this upload; wait for it, then ask for the offset.");
        }

        try
        {
            await using var file = new FileStream(PathOf(id), FileMode.Open, FileAccess.Write, FileShare.Read, BufferSize);
            if (offset != file.Length)
            {
                throw new StudioException(Refusal.Conflict, $"The upload has {file.Length} bytes; continue at offset {file.Length} (got {offset}).");
            }

            file.Seek(offset, SeekOrigin.Begin);
            await CopyAsync(body, file, upload.Length, cancellation);
            if (file.Length == upload.Length)
            {
                file.Flush(flushToDisk: true);
                upload.Complete = true;
                await db.SaveChangesAsync(cancellation);
            }

            return Info(upload);
        }
        finally
        {
            Writing.TryRemove(id, out _);
        }
    }

    public async Task CancelAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var upload = await FindAsync(db, id, cancellation);
        audit.Add(db, me, "upload.cancel", id, upload.FileName);
        await db.SaveChangesAsync(cancellation);
        await RemoveAsync(db, upload, cancellation);
    }

    /// <summary>What was made of the upload is kept elsewhere; its bytes are not needed any more.</summary>
    internal async Task UsedUpAsync(Guid id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await RemoveAsync(db, await FindAsync(db, id, cancellation), cancellation);
    }

    /// <summary>The file of a completed upload of the current user.</summary>
    internal async Task<(Upload Upload, string File)> CompletedAsync(Guid id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var upload = await FindAsync(db, id, cancellation);
        return upload.Complete
            ? (upload, PathOf(id))
            : throw new StudioException(Refusal.Conflict, $"The upload is not complete: {Info(upload).Offset} of {upload.Length} bytes have arrived.");
    }

    /// <summary>Makes a completed upload of a file that the server itself has brought; the file is moved. A second time under the same id nothing happens.</summary>
    internal async Task AdoptAsync(Guid id, Guid teamId, Guid userId, string fileName, string file)
    {
        await using var db = await databases.CreateDbContextAsync();
        if (await db.Uploads.AnyAsync(upload => upload.Id == id))
        {
            return;
        }

        var length = new FileInfo(file).Length;
        if (length == 0)
        {
            throw new StudioException(Refusal.Invalid, $"{fileName} is empty; there is nothing to import.");
        }

        File.Move(file, PathOf(id), overwrite: true);
        db.Uploads.Add(new Upload { Id = id, TeamId = teamId, UserId = userId, FileName = ShownName(fileName), Length = length, Complete = true, CreatedAt = time.GetUtcNow() });
        await db.SaveChangesAsync();
    }

    /// <summary>Uploads that nobody came back for.</summary>
    internal async Task RemoveOlderThanAsync(TimeSpan age, CancellationToken cancellation)
    {
        var limit = time.GetUtcNow() - age;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        foreach (var upload in await db.Uploads.Where(upload => upload.CreatedAt < limit).ToListAsync(cancellation))
        {
            await RemoveAsync(db, upload, cancellation);
        }
    }

    private void CheckLength(long length)
    {
        var limit = options.Value.UploadLimitBytes;
        if (length > limit)
        {
            throw new StudioException(Refusal.TooLarge, $"The file is {Megabytes(length)}; uploads up to {Megabytes(limit)} are allowed (setting Studio:UploadLimitBytes).");
        }

        if (length <= 0)
        {
            throw new StudioException(Refusal.Invalid, $"The file is empty (length {length}); choose one with at least one row.");
        }
    }

    private static async Task CopyAsync(Stream body, FileStream file, long length, CancellationToken cancellation)
    {
        var buffer = new byte[BufferSize];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellation)) > 0)
        {
            if (file.Position + read > length)
            {
                throw new StudioException(Refusal.TooLarge, $"More bytes than the {length} announced; cancel the upload and start again with the right length.");
            }

            await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }

        await file.FlushAsync(cancellation);
    }

    private async Task<Upload> FindAsync(StudioDb db, Guid id, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        return await db.Uploads.FirstOrDefaultAsync(upload => upload.Id == id && upload.TeamId == me.TeamId && upload.UserId == me.Id, cancellation)
            ?? throw StudioException.NotFound("upload");
    }

    private async Task RemoveAsync(StudioDb db, Upload upload, CancellationToken cancellation)
    {
        await db.Uploads.Where(row => row.Id == upload.Id).ExecuteDeleteAsync(cancellation);
        File.Delete(PathOf(upload.Id));
        UnpackedUploads.Remove(PathOf(upload.Id));
    }

    private UploadInfo Info(Upload upload) => new(upload.Id, upload.FileName, new FileInfo(PathOf(upload.Id)) is { Exists: true } file ? file.Length : 0, upload.Length, upload.Complete, upload.CreatedAt);

    private string PathOf(Guid id) => Path.Combine(paths.Uploads, id.ToString("N"));

    /// <summary>The last part of what the client sent, without control characters. It is shown and its ending looked at; it never becomes a path.</summary>
    private static string ShownName(string fileName)
    {
        var last = fileName.Split('/', '\\')[^1];
        var clean = new string([.. last.Where(c => !char.IsControl(c))]).Trim();
        return clean.Length == 0 ? "upload" : clean[..Math.Min(clean.Length, 255)];
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB");
}
