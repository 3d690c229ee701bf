using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SpinStudio.Data;
using SpinStudio.Engine;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Web.Features.Audit;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Features.Models;

/// <summary>For whom a model is taken in.</summary>
internal sealed record ModelMaker(Guid TeamId, Guid UserId, string UserName, string? Token = null);

/// <param name="Name">As its sender calls it; becomes a path only if it is the plain name of a model's file.</param>
/// <param name="Path">Where its bytes lie.</param>
internal sealed record IncomingFile(string Name, string Path);

/// <summary>A file of a model, as kept in <see cref="Model.Files"/>.</summary>
public sealed record ModelFile(string Name, long Bytes, string Sha256);

/// <param name="Id">Of the model; taken in a second time under the same id, it stays as it is.</param>
/// <param name="Name">Made unique in the team.</param>
/// <param name="Source">For people.</param>
internal sealed record Intake(Guid Id, ModelMaker Maker, string Name, ModelOrigin Origin, string Source, string? License = null, string? Note = null, Guid? ParentId = null, Guid? FromRunId = null, int? FromIteration = null);

/// <summary>Takes models in: gathered in a folder beside, checked whole, then moved into place and entered. All or nothing.</summary>
public sealed class ModelIntake(IDbContextFactory<StudioDb> databases, StudioPaths paths, AuditLog audit, IOptions<StudioOptions> options, TimeProvider time)
{
    private const string Incoming = "incoming-";

    /// <summary>From one zip, or from the files of a folder.</summary>
    /// <returns>Names of files that do not belong to a model and were left out.</returns>
    /// <exception cref="StudioException">It is no model that the engine runs; nothing is kept.</exception>
    internal async Task<IReadOnlyList<string>> FromFilesAsync(Intake intake, IReadOnlyList<IncomingFile> files, CancellationToken cancellation)
    {
        var folder = Path.Combine(paths.Models, Incoming + intake.Id.ToString("N"));
        Clear(folder);
        Directory.CreateDirectory(folder);
        try
        {
            var ignored = await Task.Run(() => Explained(folder, () => Gather(files, folder, cancellation)), cancellation);
            await KeepAsync(intake, folder, cancellation);
            return ignored;
        }
        finally
        {
            Clear(folder);
        }
    }

    /// <summary>From a folder of ours, whose named files are moved.</summary>
    internal async Task FromFolderAsync(Intake intake, string folder, IReadOnlyList<string> names, CancellationToken cancellation)
    {
        var beside = Path.Combine(paths.Models, Incoming + intake.Id.ToString("N"));
        Clear(beside);
        Directory.CreateDirectory(beside);
        try
        {
            foreach (var name in names)
            {
                File.Move(Path.Combine(folder, name), Path.Combine(beside, name));
            }

            await KeepAsync(intake, beside, cancellation);
        }
        catch (StudioException)
        {
            foreach (var name in names)
            {
                File.Move(Path.Combine(beside, name), Path.Combine(folder, name), overwrite: true);
            }

            throw;
        }
        finally
        {
            Clear(beside);
        }
    }

    /// <summary>A copy of another model's folder.</summary>
    internal async Task FromModelAsync(Intake intake, string source, CancellationToken cancellation)
    {
        var folder = Path.Combine(paths.Models, Incoming + intake.Id.ToString("N"));
        Clear(folder);
        try
        {
            await Task.Run(() => Explained(source, () =>
            {
                ModelFolder.Copy(source, folder);
                return true;
            }), cancellation);
            await KeepAsync(intake, folder, cancellation);
        }
        finally
        {
            Clear(folder);
        }
    }

    /// <summary>What a stop in the middle of an intake left behind.</summary>
    internal void ClearLeftovers()
    {
        foreach (var folder in Directory.EnumerateDirectories(paths.Models, Incoming + "*").ToList())
        {
            Clear(folder);
        }
    }

    private List<string> Gather(IReadOnlyList<IncomingFile> files, string folder, CancellationToken cancellation)
    {
        if (files is [var single] && !ModelFolder.IsModelFile(single.Name))
        {
            return ModelWeights.IsPickle(single.Name) ? throw new BadInputException($"{single.Name} is a pickle, which could run code; save the model as safetensors")
                : ModelArchive.IsZip(single.Path) ? Told(ModelArchive.Extract(single.Path, folder, options.Value.ModelLimitBytes, cancellation), folder)
                : throw new BadInputException($"{single.Name} is no zip; send the files of a model's folder, or one zip of it");
        }

        var ignored = new List<string>();
        foreach (var file in files)
        {
            if (!ModelFolder.IsModelFile(file.Name))
            {
                ignored.Add(file.Name);
            }
            else if (File.Exists(Path.Combine(folder, file.Name)))
            {
                throw new BadInputException($"{file.Name} was sent twice");
            }
            else
            {
                File.Copy(file.Path, Path.Combine(folder, file.Name));
            }
        }

        return Told(ignored, folder);
    }

    /// <summary>Left-out pickles matter when there is nothing else to load.</summary>
    private static List<string> Told(IReadOnlyList<string> ignored, string folder)
    {
        var weights = Directory.EnumerateFiles(folder, "*.safetensors").Any();
        return weights || ignored.FirstOrDefault(ModelWeights.IsPickle) is not { } pickle
            ? [.. ignored]
            : throw new BadInputException($"its weights are a pickle ({pickle}), which could run code; save the model as safetensors");
    }

    private async Task KeepAsync(Intake intake, string folder, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Models.AnyAsync(model => model.Id == intake.Id, cancellation))
        {
            return;
        }

        var (opened, files) = await Task.Run(() => Explained(folder, () => Examine(folder)), cancellation);
        var place = Path.Combine(paths.Models, intake.Id.ToString("N"));
        Clear(place);
        Directory.Move(folder, place);
        try
        {
            var name = await UniqueNameAsync(db, intake.Maker.TeamId, intake.Name, cancellation);
            db.Models.Add(new Model
            {
                Id = intake.Id,
                TeamId = intake.Maker.TeamId,
                Name = name,
                Folder = Path.GetRelativePath(paths.Data, place),
                Sha256 = files.First(file => file.Name == opened.WeightFiles[0]).Sha256,
                Architecture = opened.Config.Architecture,
                Parameters = opened.ParameterCount,
                Bytes = files.Sum(file => file.Bytes),
                Origin = intake.Origin,
                Source = intake.Source[..Math.Min(intake.Source.Length, 500)],
                License = intake.License ?? ModelCard.License(place),
                Note = intake.Note,
                Files = JsonSerializer.Serialize(files, RunJson.Line),
                ParentId = intake.ParentId,
                FromRunId = intake.FromRunId,
                FromIteration = intake.FromIteration,
                CreatedById = intake.Maker.UserId,
                CreatedAt = time.GetUtcNow(),
            });
            audit.Add(db, new UserInfo(intake.Maker.UserId, intake.Maker.UserName, intake.Maker.TeamId, "", TeamRole.Runner, intake.Maker.Token), intake.Origin == ModelOrigin.Promoted ? "model.promote" : "model.add", intake.Id, name);
            await db.SaveChangesAsync(cancellation);
        }
        catch
        {
            Clear(place);
            throw;
        }
    }

    /// <summary>Everything that would stop a run later is found now: config, shapes, tokenizer, template.</summary>
    private static (ModelFolder Opened, List<ModelFile> Files) Examine(string folder)
    {
        var opened = ModelFolder.Open(folder);
        _ = ConversationEncoder.Load(folder);
        return (opened, [.. new DirectoryInfo(folder).EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => new ModelFile(file.Name, file.Length, FileHash.Of(file.FullName)))]);
    }

    /// <summary>The engine names files with their folder, which is the studio's own business.</summary>
    private static T Explained<T>(string folder, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (BadInputException refused)
        {
            var words = refused.Message.Replace(folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).Replace(folder + ": ", "", StringComparison.Ordinal).Replace(folder, "the model", StringComparison.Ordinal);
            throw new StudioException(Refusal.Invalid, char.ToUpperInvariant(words[0]) + words[1..] + (words.EndsWith('.') ? "" : "."));
        }
    }

    private static async Task<string> UniqueNameAsync(StudioDb db, Guid teamId, string name, CancellationToken cancellation)
    {
        var taken = await db.Models.Where(model => model.TeamId == teamId && model.Name.StartsWith(name)).Select(model => model.Name).ToListAsync(cancellation);
        return Enumerable.Range(1, taken.Count + 1).Select(number => number == 1 ? name : $"{name} ({number})").First(candidate => !taken.Contains(candidate));
    }

    private static void Clear(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
