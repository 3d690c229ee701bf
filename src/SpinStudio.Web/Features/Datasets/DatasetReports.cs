using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Models;

namespace SpinStudio.Web.Features.Datasets;

/// <summary>Statistics of dataset versions of the current user's team, with what they say in words.</summary>
public sealed class DatasetReports(IDbContextFactory<StudioDb> databases, DatasetVersions versions, ModelService models, DatasetMeasuring measuring)
{
    /// <summary>What there is now; what is missing is begun. <see cref="DatasetMeasuring.Changed"/> tells when to ask again.</summary>
    /// <param name="version">Null: the newest.</param>
    /// <param name="modelId">The model whose tokenizer and template lengths in tokens are wanted for; null: none.</param>
    /// <param name="limits">Where a run cuts; null: as a run's settings are by default.</param>
    /// <param name="retry">Tries again what failed.</param>
    public async Task<DatasetReportInfo> GetAsync(
        Guid datasetId, int? version = null, Guid? modelId = null, LengthLimits? limits = null, bool retry = false, CancellationToken cancellation = default)
    {
        var found = await versions.FindAsync(datasetId, version, cancellation);
        var (text, textState) = await ReadAsync<DatasetStatistics>(found.Id, "", null, retry, cancellation);
        var (tokens, tokenState) = ((TokenStatistics?)null, (DatasetMeasuring.State?)null);
        if (modelId is { } model)
        {
            var (_, folder) = await models.FolderAsync(model, cancellation);
            (tokens, tokenState) = await ReadAsync<TokenStatistics>(found.Id, await Task.Run(() => DatasetMeasuring.KeyOf(folder), cancellation), folder, retry, cancellation);
        }

        var states = new[] { textState, tokenState }.OfType<DatasetMeasuring.State>().ToList();
        var working = states.Where(state => state.Problem is null).Select(state => (double?)state.Progress).ToList();
        return new DatasetReportInfo(
            working.Min(), states.Select(state => state.Problem).FirstOrDefault(problem => problem is not null), text, tokens,
            [.. text is null ? [] : DatasetFindings.Of(text), .. tokens is null ? [] : DatasetFindings.Of(tokens, limits ?? UsualLimits)],
            DatasetStatistics.NearDuplicateMethod);
    }

    /// <summary>Where a run cuts unless it says otherwise.</summary>
    public static LengthLimits UsualLimits { get; } = Limits(new RunConfig { Model = "", Dataset = "" });

    /// <summary>Where a run with these settings cuts.</summary>
    public static LengthLimits Limits(RunConfig config) => new(config.MaxPromptLength, config.MaxLength, config.Generation.MaxNewTokens);

    private async Task<(T? Statistics, DatasetMeasuring.State? State)> ReadAsync<T>(Guid versionId, string tokenizer, string? folder, bool retry, CancellationToken cancellation)
        where T : class
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var json = await db.DatasetReports.Where(report => report.VersionId == versionId && report.Tokenizer == tokenizer).Select(report => report.Statistics).FirstOrDefaultAsync(cancellation);
        if (json is not null)
        {
            return (JsonSerializer.Deserialize<T>(json, RunJson.Line), null);
        }

        if (retry)
        {
            measuring.Forget(versionId, tokenizer);
        }

        measuring.Ask(versionId, tokenizer, folder);
        return (null, measuring.StateOf(versionId, tokenizer) ?? new DatasetMeasuring.State(0));
    }
}
