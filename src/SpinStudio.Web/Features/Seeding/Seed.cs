using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Engine.Runs;
using SpinStudio.Web.Features.Datasets;
using SpinStudio.Web.Features.Models;
using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Features.Seeding;

/// <summary>Puts the bundled dataset, model and first run into a new database, once: who deletes them does not get them back.</summary>
public sealed class Seed(
    IDbContextFactory<StudioDb> databases, DatasetStore store, RunCreation runs, StudioPaths paths, Microsoft.Extensions.Options.IOptions<StudioOptions> options,
    TimeProvider time, ILogger<Seed> logger)
{
    private const string Action = "seed";
    private const string TeamName = "Team";

    public async Task PlantAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!options.Value.Seed || await db.AuditEntries.AnyAsync(entry => entry.Action == Action, cancellation) || await db.Datasets.AnyAsync(cancellation))
        {
            return;
        }

        var train = Path.Combine(paths.Samples, "dataset", "train.jsonl");
        var heldOut = Path.Combine(paths.Samples, "dataset", "held-out.jsonl");
        var model = Path.Combine(paths.Samples, "model");
        var config = Path.Combine(paths.Samples, options.Value.SampleRun);
        if (new[] { train, heldOut, Path.Combine(model, "model.safetensors"), config }.FirstOrDefault(file => !File.Exists(file)) is { } missing)
        {
            logger.LogInformation("The bundled sample is not complete ({File} is missing), so the studio starts empty", missing);
            return;
        }

        try
        {
            await PlantAsync(db, model, RunConfigFile.Load(config), cancellation);
        }
        catch (BadInputException refused)
        {
            logger.LogWarning("The bundled sample cannot be used: {Message}", refused.Message);
        }
    }

    private async Task PlantAsync(StudioDb db, string modelFolder, RunConfig config, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var team = await db.Teams.OrderBy(existing => existing.CreatedAt).FirstOrDefaultAsync(cancellation) ?? db.Teams.Add(new Team { Name = TeamName, CreatedAt = now }).Entity;
        var dataset = await store.AddBundledAsync(team.Id, now, cancellation);

        var (architecture, parameters, bytes) = ModelFacts.Read(modelFolder);
        var model = new Model
        {
            TeamId = team.Id,
            Name = "Sample model",
            Folder = Path.GetRelativePath(paths.Content, modelFolder),
            Bundled = true,
            Sha256 = await DatasetStore.HashAsync(Path.Combine(modelFolder, "model.safetensors"), cancellation),
            Architecture = architecture,
            Parameters = parameters,
            Bytes = bytes,
            CreatedAt = now,
        };
        db.AddRange(dataset, model);
        db.AuditEntries.Add(new AuditEntry { TeamId = team.Id, UserName = "SpinStudio", Action = Action, Subject = dataset.Id.ToString(), Detail = dataset.Name, At = now });
        await db.SaveChangesAsync(cancellation);
        await runs.CreateAsync(team.Id, new NewRun(config, model.Id, dataset.Id, Action), cancellation);
        logger.LogInformation("Planted the sample dataset and model, and queued the sample run");
    }
}
