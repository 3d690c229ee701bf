using System.CommandLine;
using SpinStudio.Cli.Output;
using SpinStudio.Engine.Hub;

namespace SpinStudio.Cli.Commands;

/// <summary><c>push</c>: uploads a model or dataset to a hub.</summary>
internal static class PushCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "Model folder (Hugging Face layout), LoRA adapter, or folder with rows." };
        var repository = new Argument<string>("REPO") { Description = "owner/name, or owner/name@branch." };
        var dataset = new Option<bool>("--dataset") { Description = "The folder is a dataset." };
        var create = new Option<bool>("--create") { Description = "Make the repository (private) and the branch where they do not exist." };
        var message = new Option<string>("--message") { Description = "The commit's first line.", HelpName = "TEXT", DefaultValueFactory = _ => "Upload with spinstudio" };
        var endpoint = new Option<string?>("--endpoint") { Description = $"Address of the hub; else {HubOptions.EndpointVariable}, else {HubOptions.DefaultEndpoint}.", HelpName = "URL" };
        var command = new Command("push", $"Upload a model (safetensors, JSON and text) or a dataset to a Hugging Face-compatible hub, as one commit. {HubOptions.TokenVariable} must hold a token that may write there.")
        {
            folder, repository, dataset, create, message, endpoint,
        };
        command.SetAction(parsed => RunAsync(
            Path.GetFullPath(parsed.GetRequiredValue(folder)), HubRepository.Parse(parsed.GetValue(dataset) ? HubKind.Dataset : HubKind.Model, parsed.GetRequiredValue(repository)),
            HubOptions.FromEnvironment(parsed.GetValue(endpoint)), parsed.GetRequiredValue(message), parsed.GetValue(create)).GetAwaiter().GetResult());
        return command;
    }

    private static async Task<int> RunAsync(string folder, HubRepository repository, HubOptions options, string message, bool create)
    {
        var files = repository.Kind == HubKind.Model ? LocalFile.OfModel(folder) : LocalFile.OfDataset(folder);
        using var http = new HttpClient(HttpSource.Handler()) { Timeout = Timeout.InfiniteTimeSpan };
        using var stop = new StopSignal(() => Console.Error.WriteLine("Stopping: the branch is as it was, and what has arrived is not sent twice."));
        try
        {
            var upload = new HubUpload(http, options);
            var push = WorkProgress.Follow(repository.ToString(), WorkProgress.Bytes, files.Sum(file => file.Size),
                tell => upload.PushAsync(repository, files, message, create, done => tell(done, 0), stop.Token).GetAwaiter().GetResult());
            Console.Out.WriteLine(push.Commit is null
                ? $"{repository} has all {Figures.Count(files.Count)} files already; nothing was sent"
                : $"{repository} at commit {push.Commit}: {Figures.Count(push.Sent.Count)} files, {Figures.Bytes(push.Sent.Sum(file => file.Size))}{(push.Present.Count > 0 ? $"; {Figures.Count(push.Present.Count)} were there already" : "")}");
            return ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Resumable;
        }
    }
}
