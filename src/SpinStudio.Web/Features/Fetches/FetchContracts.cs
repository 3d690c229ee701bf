using SpinStudio.Data;

namespace SpinStudio.Web.Features.Fetches;

/// <summary>A download to start.</summary>
/// <param name="Address">A URL, or with source hub owner/name[@revision].</param>
/// <param name="File">The file wanted out of a dataset's repository; may be left out where there is only one with rows.</param>
/// <param name="Name">What the model is to be called; null: after the address.</param>
public sealed record NewFetch(FetchPurpose Purpose, FetchSource Source, string Address, string? File = null, string? Name = null);

/// <summary>Where a download stands.</summary>
/// <param name="BytesPerSecond">Null while it does not run.</param>
/// <param name="SecondsLeft">Null while unknown.</param>
/// <param name="Error">Why it failed, for people.</param>
/// <param name="UploadId">The completed upload of a dataset's file: preview and import it.</param>
/// <param name="ModelId">The model that came of it.</param>
public sealed record FetchInfo(
    Guid Id, FetchPurpose Purpose, FetchSource Source, string Address, string? File, string Name, FetchState State, string? Commit, long Bytes, long? TotalBytes,
    double? BytesPerSecond, double? SecondsLeft, string? Error, Guid? UploadId, Guid? ModelId, string? ByName, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt)
{
    public bool Active => State is FetchState.Waiting or FetchState.Running or FetchState.Checking;

    /// <summary>Share that has arrived, 0..1; null while the size is unknown.</summary>
    public double? Share => TotalBytes is { } total and > 0 ? Math.Clamp((double)Bytes / total, 0, 1) : null;
}

/// <summary>What a hub's repository offers.</summary>
/// <param name="Files">That would be downloaded, or with a dataset, that can be chosen.</param>
public sealed record HubOffer(string Repository, string Commit, string? License, long Bytes, IReadOnlyList<HubOfferFile> Files);

public sealed record HubOfferFile(string Path, long Bytes);
