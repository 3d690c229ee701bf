using System.CommandLine;
using SpinStudio.Cli.Output;
using SpinStudio.Engine;
using SpinStudio.Engine.Hub;
using SpinStudio.Engine.Models;

namespace SpinStudio.Cli.Commands;

/// <summary><c>pull</c>: downloads a model or dataset from a hub.</summary>
internal static class PullCommand
{
    public static Command Create()
    {
        var repository = new Argument<string>("REPO") { Description = "owner/name, or owner/name@revision (branch, tag or commit)." };
        var output = new Option<string>("--out") { Description = "Folder for the files; asked again, the download goes on.", HelpName = "DIR", Required = true };
        var dataset = new Option<bool>("--dataset") { Description = "The repository is a dataset." };
        var endpoint = new Option<string?>("--endpoint") { Description = $"Address of the hub; else {HubOptions.EndpointVariable}, else {HubOptions.DefaultEndpoint}.", HelpName = "URL" };
        var command = new Command("pull", $"Download a model (safetensors only) or a dataset from a Hugging Face-compatible hub. {HubOptions.TokenVariable} opens private ones.")
        {
            repository, output, dataset, endpoint,
        };
        command.SetAction(parsed => RunAsync(
            HubRepository.Parse(parsed.GetValue(dataset) ? HubKind.Dataset : HubKind.Model, parsed.GetRequiredValue(repository)),
            HubOptions.FromEnvironment(parsed.GetValue(endpoint)), Path.GetFullPath(parsed.GetRequiredValue(output))).GetAwaiter().GetResult());
        return command;
    }

    private static async Task<int> RunAsync(HubRepository repository, HubOptions options, string folder)
    {
        using var http = new HttpClient(HttpSource.Handler()) { Timeout = Timeout.InfiniteTimeSpan };
        var hub = new HubClient(http, options);
        using var stop = new StopSignal(() => Console.Error.WriteLine("Stopping: what has arrived is kept, the same command goes on."));
        try
        {
            var listing = await hub.ResolveAsync(repository, stop.Token);
            var files = repository.Kind == HubKind.Model ? HubFiles.OfModel(listing) : HubFiles.OfDataset(listing);
            if (files.Count == 0)
                throw new BadInputException($"{repository} has no file that is read; JSON Lines, JSON, CSV, TSV and text are");
            Directory.CreateDirectory(folder);
            var bytes = WorkProgress.Follow(repository.ToString(), WorkProgress.Bytes, files.Sum(file => file.Size), tell => Download(hub, listing, files, folder, tell, stop.Token));
            if (repository.Kind == HubKind.Model)
                ModelFolder.Open(folder);
            Console.Out.WriteLine($"{repository} at commit {listing.Commit}: {Figures.Count(files.Count)} files, {Figures.Bytes(bytes)} in {folder}");
            return ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Resumable;
        }
    }

    private static long Download(HubClient hub, HubListing listing, IReadOnlyList<HubFile> files, string folder, Action<long, long> tell, CancellationToken cancellation)
    {
        long finished = 0;
        foreach (var file in files)
        {
            var path = Path.Combine(folder, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            hub.DownloadAsync(listing, file, path, done => tell(finished + done, 0), cancellation).GetAwaiter().GetResult();
            finished += file.Size;
        }
        return finished;
    }
}
