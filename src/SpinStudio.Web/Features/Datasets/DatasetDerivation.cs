using System.Globalization;
using System.Text.Json;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>Makes dataset versions from dataset versions: split, sample, merge, remove duplicates. The origin stays as it is.</summary>
public sealed class DatasetDerivation(CurrentUser currentUser, DatasetVersions versions, DatasetService datasets, DatasetStore store, Quotas quotas, StudioPaths paths, TimeProvider time)
{
    /// <returns>The dataset that has the new version.</returns>
    public async Task<DatasetSummary> DeriveAsync(Guid id, DerivationRequest request, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var origin = await versions.FindAsync(id, request.Version, cancellation);
        var other = request.Operation != DatasetOperation.Merge ? null
            : await versions.FindAsync(request.OtherId ?? throw new StudioException(Refusal.Invalid, "Choose the dataset to merge with."), request.OtherVersion, cancellation);
        Check(request, origin, other);
        var name = request.Name is null ? "" : await versions.NewNameAsync(me, request.Name, null, cancellation);
        if (request.Name is null)
        {
            DatasetVersions.RefuseBundled(origin.Dataset!);
        }

        await quotas.RequireDiskAsync(me.TeamId, MostBytes(request, origin, other), "The new version", cancellation);
        var (train, heldOut) = Rows(request, origin, other);
        var version = await AddAsync(train, heldOut, Words(request, origin, other), cancellation);
        version.ParentId = origin.Id;
        version.Recipe = JsonSerializer.Serialize(RecipeOf(request, origin, other), RunJson.Line);
        var derived = await versions.AddAsync(me, version, request.Name is null ? id : null, name, null, "dataset.derive", cancellation);
        return await datasets.SummaryAsync(derived, cancellation);
    }

    /// <summary>What the new version takes at most, or in the mean when rows are sampled.</summary>
    private static long MostBytes(DerivationRequest request, DatasetVersion origin, DatasetVersion? other) =>
        request.Operation == DatasetOperation.Sample && origin.Rows > 0 ? (long)(origin.Bytes * Math.Min(1.0, (double)request.Rows / origin.Rows)) : origin.Bytes + (other?.Bytes ?? 0);

    /// <summary>The new version's training and held-out rows, read as they are written. What was held out stays so, except that a split begins anew.</summary>
    private (IEnumerable<Example> Train, IEnumerable<Example>? HeldOut) Rows(DerivationRequest request, DatasetVersion origin, DatasetVersion? other)
    {
        var (train, heldOut) = (Train(origin), HeldOut(origin));
        return request.Operation switch
        {
            DatasetOperation.Split => (All().Where(row => !Derivation.IsHeldOut(row, request.Share, request.Seed)), All().Where(row => Derivation.IsHeldOut(row, request.Share, request.Seed))),
            DatasetOperation.Sample => (Derivation.Sample(train, origin.Rows, request.Rows, request.Seed), heldOut),
            DatasetOperation.Merge => (train.Concat(Train(other!)), heldOut is null ? HeldOut(other!) : heldOut.Concat(HeldOut(other!) ?? [])),
            _ => (Derivation.Distinct(train, request.ByPrompt, heldOut ?? []), heldOut),
        };

        IEnumerable<Example> All() => Train(origin).Concat(HeldOut(origin) ?? []);
    }

    private async Task<DatasetVersion> AddAsync(IEnumerable<Example> train, IEnumerable<Example>? heldOut, string source, CancellationToken cancellation)
    {
        try
        {
            return await Task.Run(() => store.AddAsync(train, heldOut, source, time.GetUtcNow(), cancellation), cancellation);
        }
        catch (BadInputException)
        {
            throw new StudioException(Refusal.Invalid, "No row would be left on one side; choose another share, or more rows.");
        }
    }

    private IEnumerable<Example> Train(DatasetVersion version) => DatasetReader.Read(paths.InData(version.File));

    private IEnumerable<Example>? HeldOut(DatasetVersion version) => version.HeldOutFile is { } file ? DatasetReader.Read(paths.InData(file)) : null;

    private static void Check(DerivationRequest request, DatasetVersion origin, DatasetVersion? other)
    {
        var problem = request.Operation switch
        {
            DatasetOperation.Split when !(request.Share is > 0 and < 1) => $"The held-out share must be above 0 and below 1 (got {request.Share.ToString(CultureInfo.InvariantCulture)}); 0.1 is usual.",
            DatasetOperation.Sample when request.Rows < 1 || request.Rows > origin.Rows => $"A sample has 1 to {origin.Rows} rows (got {request.Rows}).",
            DatasetOperation.Merge when other!.Id == origin.Id => "A version merged with itself would only repeat its rows; choose another.",
            _ => null,
        };
        if (problem is not null)
        {
            throw new StudioException(Refusal.Invalid, problem);
        }
    }

    private static string Words(DerivationRequest request, DatasetVersion origin, DatasetVersion? other) => request.Operation switch
    {
        DatasetOperation.Split => string.Create(CultureInfo.InvariantCulture, $"split of {Name(origin)}: {100 * request.Share:0.##} % of the prompts held out, seed {request.Seed}"),
        DatasetOperation.Sample => string.Create(CultureInfo.InvariantCulture, $"sample of {Name(origin)}: {request.Rows} rows, seed {request.Seed}"),
        DatasetOperation.Merge => $"{Name(origin)}, merged with {Name(other!)}",
        _ => $"{Name(origin)} without repeated {(request.ByPrompt ? "prompts" : "rows")}",
    };

    private static string Name(DatasetVersion version) => $"{version.Dataset!.Name} version {version.Number}";

    /// <summary>All that is needed to make the version again, content hashes included.</summary>
    private static object RecipeOf(DerivationRequest request, DatasetVersion origin, DatasetVersion? other) => request.Operation switch
    {
        DatasetOperation.Split => new { Operation = "split", origin.Sha256, origin.HeldOutFile, request.Share, request.Seed },
        DatasetOperation.Sample => new { Operation = "sample", origin.Sha256, request.Rows, request.Seed },
        DatasetOperation.Merge => new { Operation = "merge", origin.Sha256, OtherSha256 = other!.Sha256 },
        _ => new { Operation = "deduplicate", origin.Sha256, request.ByPrompt },
    };
}
