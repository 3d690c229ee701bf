namespace SpinStudio.Web.Features.Teams;

/// <param name="DiskQuotaBytes">Null: as much as the disk has.</param>
/// <param name="RunQuota">Runs at work at the same time; null: as many as the studio has slots.</param>
public sealed record Quota(long? DiskQuotaBytes, int? RunQuota);

/// <param name="DiskBytes">Of uploads, downloads, datasets, models and run folders.</param>
/// <param name="Runs">At work now.</param>
/// <param name="Slots">Runs that the studio works on at the same time, for all teams.</param>
public sealed record TeamUsage(Guid TeamId, string Name, int Members, long DiskBytes, long? DiskQuotaBytes, int Runs, int? RunQuota, int Slots);
