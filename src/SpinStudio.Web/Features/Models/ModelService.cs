using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Models;

/// <param name="RunId">The run that made it; null for a bundled model.</param>
/// <param name="Iteration">The iteration of that run.</param>
/// <param name="ParentId">The model which that run started from.</param>
public sealed record ModelSummary(
    Guid Id, string Name, string Architecture, long Parameters, long Bytes, string Sha256, bool Bundled, Guid? ParentId, string? ParentName,
    Guid? RunId, string? RunName, int? Iteration, DateTimeOffset CreatedAt);

/// <summary>Models of the current user's team. A model is downloaded from <c>/api/v1/models/{id}/download</c>.</summary>
public sealed class ModelService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, StudioPaths paths)
{
    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<ModelSummary>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Models.Where(model => model.TeamId == me.TeamId).OrderByDescending(model => model.CreatedAt).Select(Summary(db)).ToListAsync(cancellation);
    }

    public async Task<ModelSummary> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Models.Where(model => model.Id == id && model.TeamId == me.TeamId).Select(Summary(db)).FirstOrDefaultAsync(cancellation)
            ?? throw StudioException.NotFound("model");
    }

    /// <summary>The Jinja template that turns a conversation into the model's text; null when the model brings none.</summary>
    public async Task<string?> ChatTemplateAsync(Guid id, CancellationToken cancellation = default)
    {
        var (_, folder) = await FolderAsync(id, cancellation);
        var file = Path.Combine(folder, "tokenizer_config.json");
        if (!File.Exists(file))
        {
            return null;
        }

        await using var stream = File.OpenRead(file);
        using var config = await System.Text.Json.JsonDocument.ParseAsync(stream, cancellationToken: cancellation);
        return config.RootElement.TryGetProperty("chat_template", out var template) && template.ValueKind == System.Text.Json.JsonValueKind.String ? template.GetString() : null;
    }

    /// <summary>Where a model of the current user's team lies.</summary>
    internal async Task<(string Name, string Folder)> FolderAsync(Guid id, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var model = await db.Models.FirstOrDefaultAsync(model => model.Id == id && model.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("model");
        return (model.Name, FolderOf(model, paths));
    }

    internal static string FolderOf(Model model, StudioPaths paths) => model.Bundled ? StudioPaths.Within(paths.Content, model.Folder) : paths.InData(model.Folder);

    private static Expression<Func<Model, ModelSummary>> Summary(StudioDb db) => model => new ModelSummary(
        model.Id, model.Name, model.Architecture, model.Parameters, model.Bytes, model.Sha256, model.Bundled, model.ParentId, model.Parent!.Name,
        model.RunId, db.Runs.Where(run => run.Id == model.RunId).Select(run => run.Name).FirstOrDefault(), model.Iteration, model.CreatedAt);
}
