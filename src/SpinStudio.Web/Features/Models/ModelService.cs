using System.Linq.Expressions;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine.Export;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Teams;
using SpinStudio.Web.Features.Uploads;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Models;

/// <summary>Models of the current user's team. A model is downloaded from <c>/api/v1/models/{id}/download</c>.</summary>
public sealed class ModelService(IDbContextFactory<StudioDb> databases, CurrentUser currentUser, ModelReading reading, ModelIntake intake, UploadService uploads, Quotas quotas, AuditLog audit, StudioPaths paths)
{
    private const int LongestName = 200;
    private const int LongestNote = 10_000;
    private const int MostFiles = 1_000;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<ModelSummary>> ListAsync(CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Models.Where(model => model.TeamId == me.TeamId).OrderByDescending(model => model.CreatedAt).Select(Summary(db)).ToListAsync(cancellation);
    }

    /// <param name="search">Only models whose name, source or note contains this, whatever the case.</param>
    public async Task<Page<ModelSummary>> FindAsync(
        string? search, ModelOrigin? origin, ModelOrder order = ModelOrder.Newest, int skip = 0, int take = 50, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var models = db.Models.Where(model => model.TeamId == me.TeamId);
        if (!string.IsNullOrWhiteSpace(search))
        {
            var pattern = Like.Containing(search);
            models = models.Where(model => EF.Functions.Like(model.Name, pattern, Like.Escape) || EF.Functions.Like(model.Source!, pattern, Like.Escape) || EF.Functions.Like(model.Note!, pattern, Like.Escape));
        }

        models = origin switch
        {
            null => models,
            ModelOrigin.Bundled => models.Where(model => model.Bundled),
            ModelOrigin.Run => models.Where(model => model.RunId != null),
            { } kind => models.Where(model => model.Origin == kind),
        };
        var total = await models.CountAsync(cancellation);
        var sorted = order switch
        {
            ModelOrder.Oldest => models.OrderBy(model => model.CreatedAt).ThenBy(model => model.Id),
            ModelOrder.Name => models.OrderBy(model => model.Name).ThenBy(model => model.Id),
            ModelOrder.Largest => models.OrderByDescending(model => model.Bytes).ThenBy(model => model.Id),
            _ => models.OrderByDescending(model => model.CreatedAt).ThenByDescending(model => model.Id),
        };
        return new Page<ModelSummary>(await sorted.Skip(Math.Max(0, skip)).Take(Math.Clamp(take, 1, 500)).Select(Summary(db)).ToListAsync(cancellation), total);
    }

    public async Task<ModelSummary> GetAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Models.Where(model => model.Id == id && model.TeamId == me.TeamId).Select(Summary(db)).FirstOrDefaultAsync(cancellation)
            ?? throw StudioException.NotFound("model");
    }

    /// <summary>The model's card: shape, tokenizer, memory, files, and who needs it.</summary>
    public async Task<ModelDetail> DetailAsync(Guid id, CancellationToken cancellation = default)
    {
        var summary = await GetAsync(id, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var model = await db.Models.AsNoTracking().FirstAsync(row => row.Id == id, cancellation);
        var runs = await RunsWithAsync(db, id, cancellation);
        var promoted = await db.Models.Where(row => row.ParentId == id && row.Origin == ModelOrigin.Promoted).OrderBy(row => row.CreatedAt).Select(row => new ModelReference(row.Id, row.Name)).ToListAsync(cancellation);
        var known = model.Files is null ? null : JsonSerializer.Deserialize<List<ModelFile>>(model.Files, RunJson.Line);
        return await reading.DetailAsync(summary, FolderOf(model, paths), known, runs, promoted, cancellation);
    }

    /// <summary>A conversation as the model sees it: text, tokens, and what of them is trained on.</summary>
    public async Task<TemplatePreview> PreviewAsync(Guid id, TemplatePreviewRequest request, CancellationToken cancellation = default)
    {
        var (_, folder) = await FolderAsync(id, cancellation);
        return await reading.PreviewAsync(folder, request, cancellation);
    }

    /// <summary>Makes a model of completed uploads, which are used up. All or nothing: it is checked whole before it appears.</summary>
    public async Task<ModelAdded> AddAsync(NewModel request, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var ids = request.UploadIds?.Distinct().ToList() ?? [];
        if (ids.Count is 0 or > MostFiles)
        {
            throw new StudioException(Refusal.Invalid, $"A model is made of 1 to {MostFiles} uploads: one zip, or the files of its folder (got {ids.Count}).");
        }

        var name = await NewNameAsync(me, request.Name, null, cancellation);
        var files = new List<IncomingFile>();
        foreach (var uploadId in ids)
        {
            var (upload, file) = await uploads.CompletedAsync(uploadId, cancellation);
            files.Add(new IncomingFile(upload.FileName, file));
        }

        var id = Guid.CreateVersion7();
        var source = files.Count == 1 ? files[0].Name : $"{files.Count} files";
        var ignored = await intake.FromFilesAsync(new Intake(id, Maker(me), name, ModelOrigin.Uploaded, source, Note: Note(request.Note)), files, cancellation);
        foreach (var uploadId in ids)
        {
            await uploads.UsedUpAsync(uploadId, cancellation);
        }

        return new ModelAdded(await GetAsync(id, cancellation), ignored);
    }

    /// <summary>Copies an iteration's model under a name of its own, so that it stays when the run goes.</summary>
    public async Task<ModelSummary> PromoteAsync(Guid id, Promotion request, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        var model = await GetAsync(id, cancellation);
        if (model is not { Origin: ModelOrigin.Run, RunId: { } run, Iteration: { } iteration })
        {
            throw new StudioException(Refusal.Conflict, $"{model.Name} is no iteration of a run, so there is nothing to promote; rename it instead.");
        }

        var name = await NewNameAsync(me, request.Name, null, cancellation);
        await quotas.RequireDiskAsync(me.TeamId, model.Bytes, "The copy", cancellation);
        var (_, folder) = await FolderAsync(id, cancellation);
        var promoted = Guid.CreateVersion7();
        await intake.FromModelAsync(
            new Intake(promoted, Maker(me), name, ModelOrigin.Promoted, $"iteration {iteration} of {model.RunName ?? "a run"}", model.License, Note(request.Note), id, run, iteration), folder, cancellation);
        return await GetAsync(promoted, cancellation);
    }

    /// <summary>Promotes the model that an iteration of a run made.</summary>
    public async Task<ModelSummary> PromoteAsync(Guid runId, int iteration, Promotion request, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var model = await db.Models.Where(row => row.TeamId == me.TeamId && row.RunId == runId && row.Iteration == iteration).Select(row => (Guid?)row.Id).FirstOrDefaultAsync(cancellation);
        return await PromoteAsync(model ?? throw StudioException.NotFound("iteration with a finished model"), request, cancellation);
    }

    /// <summary>Renames it, or changes its note.</summary>
    public async Task<ModelSummary> ChangeAsync(Guid id, ModelChange change, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var model = await FindAsync(db, me, id, cancellation);
        if (change.Name is { } wanted && wanted.Trim() != model.Name)
        {
            var name = await NewNameAsync(me, wanted, id, cancellation);
            audit.Add(db, me, "model.rename", id, $"{model.Name} → {name}");
            model.Name = name;
        }

        if (change.Note is { } note)
        {
            model.Note = Note(note);
        }

        await db.SaveChangesAsync(cancellation);
        return await GetAsync(id, cancellation);
    }

    /// <summary>Deletes a model and its files. Refused while a run needs it.</summary>
    public async Task DeleteAsync(Guid id, CancellationToken cancellation = default)
    {
        var me = await currentUser.RequireAsync(TeamRole.Runner, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var model = await FindAsync(db, me, id, cancellation);
        var runs = await RunsWithAsync(db, id, cancellation);
        if (runs.Count > 0)
        {
            throw new StudioException(Refusal.Conflict, $"{model.Name} is the starting model of {runs.Count} run{(runs.Count == 1 ? "" : "s")} ({string.Join(", ", runs.Take(3).Select(run => run.Name))}); delete {(runs.Count == 1 ? "it" : "them")} first.");
        }

        if (model.RunId is not null)
        {
            throw new StudioException(Refusal.Conflict, $"{model.Name} belongs to its run and goes with it; delete the run, or keep a copy by promoting it.");
        }

        db.Models.Remove(model);
        audit.Add(db, me, "model.delete", id, model.Name);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        var folder = FolderOf(model, paths);
        if (!model.Bundled && Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        reading.Forget(folder);
    }

    /// <summary>The model in llama.cpp's format, ready to be written.</summary>
    internal async Task<(string Name, GgufWriter Writer)> GgufAsync(Guid id, GgufType type, CancellationToken cancellation)
    {
        var (name, folder) = await FolderAsync(id, cancellation);
        return (name, await reading.GgufAsync(folder, type, name, cancellation));
    }

    /// <summary>The LoRA adapter that a run's iteration left beside its model.</summary>
    internal async Task<(string Name, string Folder)> AdapterAsync(Guid id, CancellationToken cancellation)
    {
        var (name, folder) = await FolderAsync(id, cancellation);
        return (name, PeftAdapter.Find(folder)?.Path ?? throw new StudioException(Refusal.Invalid, $"{name} has no adapter: it was not made by a run with lora.rank. Take format=hf or gguf."));
    }

    /// <summary>Where a model of the current user's team lies.</summary>
    internal async Task<(string Name, string Folder)> FolderAsync(Guid id, CancellationToken cancellation)
    {
        var me = await currentUser.RequireAsync(TeamRole.Viewer, cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var model = await FindAsync(db, me, id, cancellation);
        return (model.Name, FolderOf(model, paths));
    }

    internal static string FolderOf(Model model, StudioPaths paths) => model.Bundled ? StudioPaths.Within(paths.Content, model.Folder) : paths.InData(model.Folder);

    private static ModelMaker Maker(UserInfo me) => new(me.TeamId, me.Id, me.Name, me.Token);

    private static async Task<Model> FindAsync(StudioDb db, UserInfo me, Guid id, CancellationToken cancellation) =>
        await db.Models.FirstOrDefaultAsync(model => model.Id == id && model.TeamId == me.TeamId, cancellation) ?? throw StudioException.NotFound("model");

    private static Task<List<ModelReference>> RunsWithAsync(StudioDb db, Guid id, CancellationToken cancellation) =>
        db.Runs.Where(run => run.ModelId == id).OrderByDescending(run => run.CreatedAt).Select(run => new ModelReference(run.Id, run.Name)).ToListAsync(cancellation);

    private async Task<string> NewNameAsync(UserInfo me, string? asked, Guid? own, CancellationToken cancellation)
    {
        var name = asked?.Trim() ?? "";
        if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
        {
            throw new StudioException(Refusal.Invalid, $"A model needs a name of 1 to {LongestName} characters in one line.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Models.AnyAsync(model => model.TeamId == me.TeamId && model.Name == name && model.Id != own, cancellation)
            ? throw new StudioException(Refusal.Conflict, $"There is a model called {name}; choose another name.")
            : name;
    }

    private static string? Note(string? note)
    {
        var text = note?.Trim() ?? "";
        return text.Length > LongestNote ? throw new StudioException(Refusal.Invalid, $"A note has at most {LongestNote} characters (got {text.Length}).") : text.Length == 0 ? null : text;
    }

    private static Expression<Func<Model, ModelSummary>> Summary(StudioDb db) => model => new ModelSummary(
        model.Id, model.Name, model.Architecture, model.Parameters, model.Bytes, model.Sha256, model.Bundled, model.ParentId, model.Parent!.Name,
        model.RunId ?? model.FromRunId, db.Runs.Where(run => run.Id == (model.RunId ?? model.FromRunId)).Select(run => run.Name).FirstOrDefault(), model.Iteration ?? model.FromIteration, model.CreatedAt,
        model.Origin ?? (model.RunId != null ? ModelOrigin.Run : model.Bundled ? ModelOrigin.Bundled : ModelOrigin.Uploaded), model.Source, model.License, model.Note,
        db.Users.Where(user => user.Id == model.CreatedById).Select(user => user.UserName).FirstOrDefault());
}
