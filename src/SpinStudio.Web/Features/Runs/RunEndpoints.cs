using Microsoft.AspNetCore.Mvc;
using SpinStudio.Data;
using SpinStudio.Web.Engine;
using SpinStudio.Web.Features.Downloads;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Evaluations;
using SpinStudio.Web.Features.Runs.New;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Features.Runs;

internal static class RunEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        MapPresets(api.MapGroup("/presets").WithTags("Presets"));
        var runs = api.MapGroup("/runs").WithTags("Runs");

        runs.MapGet("", (RunService service, CancellationToken cancellation, int skip = 0, int take = 50, string? search = null, string? status = null) =>
            service.ListAsync(skip, take, search, Status(status), cancellation: cancellation)).WithSummary("Runs of the team, newest first.");
        runs.MapGet("/active", (RunService service, CancellationToken cancellation) => service.ActiveAsync(cancellation)).WithSummary("What runs now, then the queue in its order.");
        runs.MapGet("/{id:guid}", (Guid id, RunService service, CancellationToken cancellation) => service.GetAsync(id, cancellation)).WithSummary("A run: state, settings, iterations, failure.");
        runs.MapPost("/plan", (NewRun run, RunService service, CancellationToken cancellation) => service.PlanAsync(run, cancellation)).WithSummary("What a run would do and what speaks against it; nothing is started.");
        runs.MapPost("", async (NewRun run, RunService service, CancellationToken cancellation) =>
        {
            var created = await service.CreateAsync(run, cancellation);
            return Results.Created($"/api/v1/runs/{created.Id}", created);
        }).WithSummary("Creates and queues a run. The same client_request_id again returns the run that exists.").Produces<RunSummary>(StatusCodes.Status201Created);
        runs.MapPost("/sweep", (NewSweep sweep, Launch launch, CancellationToken cancellation) => launch.StartAsync(sweep, cancellation))
            .WithSummary("Creates a run for every combination of the values of up to two settings, at most 24. Sent again, it creates those that are missing.");
        runs.MapGet("/by-request/{clientRequestId}", (string clientRequestId, Launch launch, CancellationToken cancellation) => launch.FindAsync(clientRequestId, cancellation))
            .WithSummary("What a request has started so far, for somebody whose answer was lost.");
        runs.MapPost("/{id:guid}/stop", (Guid id, RunControl control, CancellationToken cancellation) => control.StopAsync(id, cancellation)).WithSummary("Stops with a checkpoint.");
        runs.MapPost("/{id:guid}/pause", (Guid id, RunControl control, CancellationToken cancellation) => control.PauseAsync(id, cancellation))
            .WithSummary("Puts a running run aside with a checkpoint; resumed, it goes to the front of the queue.");
        runs.MapPost("/{id:guid}/resume", (Guid id, RunControl control, CancellationToken cancellation) => control.ResumeAsync(id, cancellation)).WithSummary("Continues from the last checkpoint.");
        runs.MapPost("/{id:guid}/discard", async (Guid id, string confirm, RunControl control, CancellationToken cancellation) =>
        {
            await control.DiscardAsync(id, confirm, cancellation);
            return TypedResults.Accepted((string?)null);
        }).WithSummary("Ends a run without saving and deletes it; confirm is the run's name.");

        runs.MapGet("/{id:guid}/metrics", (Guid id, RunMetrics metrics, CancellationToken cancellation, [FromQuery] string[]? name = null, long? from = null, long? to = null, int max_points = RunMetrics.MaxPoints) =>
            metrics.SeriesAsync(id, new SeriesQuery(name, from, to, max_points), cancellation)).WithSummary("Curves between two steps, thinned to at most 1,000 points each; spikes stay.");
        runs.MapGet("/{id:guid}/metrics.csv", async (Guid id, RunService service, RunMetrics metrics, CancellationToken cancellation, [FromQuery] string[]? name = null, [FromQuery] Guid[]? with = null) =>
        {
            var files = new List<(string, IAsyncEnumerable<MetricPoint>)>();
            foreach (var one in (with ?? []).Prepend(id).Distinct())
            {
                files.Add(((await service.SummaryAsync(one, cancellation)).Name, metrics.AllAsync(one, name, cancellation)));
            }

            return new MetricsCsv(files, name is [var only] ? only : "metrics");
        }).WithSummary("Every point, one row a metric and step; 'name' chooses metrics, 'with' adds other runs.").Produces<Stream>(200, "text/csv");
        runs.MapGet("/{id:guid}/samples", (Guid id, SampleService samples, CancellationToken cancellation, string split = SampleSplit.HeldOut, string? search = null, int skip = 0, int take = 20, string? only = null, string? order = null, int? iteration = null) =>
            samples.PromptsAsync(id, new SampleQuery(split, search, skip, take, only, order, iteration), cancellation)).WithSummary("Prompts with the human answer and those of every iteration; 'only' is identical, near, truncated, passed or failed, 'order' worst, best or changed.");
        runs.MapGet("/{id:guid}/samples/{split}/{promptId}", (Guid id, string split, string promptId, SampleService samples, CancellationToken cancellation) => samples.PromptAsync(id, split, promptId, cancellation)).WithSummary("One prompt with all its answers.");
        runs.MapGet("/{id:guid}/evaluations", (Guid id, EvaluationService evaluations, CancellationToken cancellation) => evaluations.ReportsAsync(id, cancellation)).WithSummary("Held-out reports, the starting model (iteration -1) first.");

        runs.MapGet("/{id:guid}/pairs", async (Guid id, int iteration, RunService service, PairsDownload pairs, CancellationToken cancellation, string format = "jsonl") =>
        {
            var run = await service.SummaryAsync(id, cancellation);
            var file = iteration < 0 ? null : (await service.FolderAsync(id, cancellation)).Pairs(iteration);
            var name = $"{SafeName.Of(run.Name)}-pairs-{iteration}";
            return format switch
            {
                "jsonl" => Download(file, name + ".jsonl", "pairs of this iteration"),
                "parquet" => await pairs.AsParquetAsync(file, name + ".parquet", cancellation),
                _ => throw new StudioException(Refusal.Invalid, $"There is no format {format}; choose jsonl or parquet."),
            };
        }).WithSummary("Prompt, human answer and opponent's answer of an iteration, as JSON Lines or in the official Parquet layout.").Produces<Stream>(200, "application/jsonl");
        runs.MapGet("/{id:guid}/journal", async (Guid id, RunService service, CancellationToken cancellation) =>
        {
            var run = await service.SummaryAsync(id, cancellation);
            return Download((await service.FolderAsync(id, cancellation)).Journal, $"{SafeName.Of(run.Name)}-journal.jsonl", "journal yet");
        }).WithSummary("The run's journal as JSON Lines.").Produces<Stream>(200, "application/jsonl");
        runs.MapGet("/{id:guid}/log", async (Guid id, RunService service, CancellationToken cancellation, int lines = 200) =>
            Results.Text(string.Join('\n', await service.LogTailAsync(id, lines, cancellation)), "text/plain")).WithSummary("The last lines of the engine's output.").Produces<Stream>(200, "text/plain");
        runs.MapGet("/{id:guid}/log/download", async (Guid id, RunService service, CancellationToken cancellation) =>
        {
            var run = await service.SummaryAsync(id, cancellation);
            return Download(EngineLog.PathIn((await service.FolderAsync(id, cancellation)).Root), $"{SafeName.Of(run.Name)}-engine.log", "log yet", "text/plain");
        }).WithSummary("All of the engine's output.").Produces<Stream>(200, "text/plain");
        runs.MapGet("/{id:guid}/files/{**name}", async (Guid id, string name, RunService service, CancellationToken cancellation) =>
            Download(await service.FileAsync(id, name, cancellation), SafeName.Of(Path.GetFileNameWithoutExtension(name)) + Path.GetExtension(name), "file in this run", "application/octet-stream"))
            .WithSummary("One file of the run folder, as listed.").Produces<Stream>(200, "application/octet-stream");
        runs.MapGet("/{id:guid}/files", (Guid id, RunService service, CancellationToken cancellation) => service.FilesAsync(id, cancellation)).WithSummary("Files of the run folder.");
    }

    /// <summary>Opened for sharing: the engine may still be appending.</summary>
    private static IResult Download(string? file, string name, string what, string type = "application/jsonl")
    {
        if (file is null || !File.Exists(file))
        {
            throw StudioException.NotFound(what);
        }

        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Results.Stream(stream, type, name);
    }

    private static RunStatus? Status(string? text) => string.IsNullOrEmpty(text) ? null
        : Enum.TryParse<RunStatus>(text, ignoreCase: true, out var status) && Enum.IsDefined(status) ? status
        : throw new StudioException(Refusal.Invalid, $"status must be one of {string.Join(", ", Enum.GetNames<RunStatus>())} (got '{text}').");

    private static void MapPresets(RouteGroupBuilder presets)
    {
        presets.MapGet("", (TeamPresets service, CancellationToken cancellation) => service.ListAsync(cancellation)).WithSummary("Settings that the team keeps under a name.");
        presets.MapPost("", (SavePreset preset, TeamPresets service, CancellationToken cancellation) => service.SaveAsync(preset, cancellation)).WithSummary("Keeps settings under a name; replace overwrites.");
        presets.MapDelete("/{id:guid}", async (Guid id, TeamPresets service, CancellationToken cancellation) =>
        {
            await service.DeleteAsync(id, cancellation);
            return TypedResults.NoContent();
        }).WithSummary("Forgets settings that the team kept.");
    }
}
