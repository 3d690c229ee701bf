using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SpinStudio.Cli.Serving;
using SpinStudio.Engine;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Commands;

/// <summary><c>serve</c>: a model behind the OpenAI API, on this machine only.</summary>
internal static class ServeCommand
{
    private const long LargestRequest = 8 << 20;

    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Model folder (Hugging Face layout).", HelpName = "DIR", Required = true };
        var adapter = LoadedModel.AdapterOption();
        var name = new Option<string?>("--name") { Description = "The model's name in requests; the folder's otherwise.", HelpName = "NAME" };
        var port = new Option<int>("--port") { Description = "Port on the loopback address; 0 = any free one.", HelpName = "N", DefaultValueFactory = _ => 8080 };
        var socket = new Option<string?>("--socket") { Description = "Listen on a Unix socket instead.", HelpName = "FILE" };
        var slots = new Option<int>("--slots") { Description = "Answers decoded together; more wait.", HelpName = "N", DefaultValueFactory = _ => 16 };
        var context = new Option<int>("--context") { Description = "Positions of prompt and answer together; 0 = the model's, at most 4,096.", HelpName = "N", DefaultValueFactory = _ => 0 };
        var dtype = new Option<Precision>("--dtype") { Description = "bf16 or fp32.", HelpName = "TYPE", DefaultValueFactory = _ => Precision.Bf16 };
        var threads = new Option<int>("--threads") { Description = "0 = all cores.", HelpName = "N", DefaultValueFactory = _ => 0 };
        var guarded = new Option<bool>("--until-input-ends") { Description = "End when standard input does, and with it the program that started this one." };
        var command = new Command("serve", "Serve a model over the OpenAI API on this machine: chat completions, completions, streaming, log-probs.")
        {
            model, adapter, name, port, socket, slots, context, dtype, threads, guarded,
        };
        command.SetAction(parsed => Run(
            new RunConfig { Model = parsed.GetRequiredValue(model), Dataset = "", Dtype = parsed.GetValue(dtype), Threads = Within("--threads", parsed.GetValue(threads), 0, 1024), Generation = new GenerationConfig { MaxNewTokens = 1 } },
            parsed.GetValue(adapter), parsed.GetValue(name), Within("--port", parsed.GetValue(port), 0, 65535), parsed.GetValue(socket), Within("--slots", parsed.GetValue(slots), 1, 1024), parsed.GetValue(context), parsed.GetValue(guarded)));
        return command;
    }

    private static int Run(RunConfig config, string? adapter, string? name, int port, string? socket, int slots, int context, bool untilInputEnds)
    {
        using var model = LoadedModel.Open(config, adapter);
        var positions = model.Weights.Config.MaxPositions;
        var capacity = context == 0 ? Math.Min(positions, 4096) : Within("--context", context, 2, positions);
        using var generator = new LiveGenerator(model.Weights, slots, capacity);
        name ??= new DirectoryInfo(config.Model).Name;
        var server = new OpenAiServer(generator, model.Encoder, model.StopIds.ToHashSet(), name, TimeProvider.System);

        using var app = Build(port, socket);
        server.Map(app);
        using var stop = new StopSignal(() => Console.Error.WriteLine("Stopping."));
        app.StartAsync(stop.Token).GetAwaiter().GetResult();
        var memory = KeyValueCache.Bytes(model.Weights.Config, slots, capacity, config.Dtype == Precision.Bf16 ? 2 : 4);
        Console.Out.WriteLine($"Serving {name} on {(socket is null ? app.Urls.First() : $"unix:{socket}")}: {slots} answers at once, {capacity} positions each ({Output.Figures.Bytes(memory)} of cache)");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        if (untilInputEnds)
            _ = Console.OpenStandardInput().CopyToAsync(Stream.Null, end.Token).ContinueWith(_ => end.Cancel(), TaskScheduler.Default);
        end.Token.WaitHandle.WaitOne();
        app.StopAsync().GetAwaiter().GetResult();
        return ExitCode.Done;
    }

    /// <summary>Listens on loopback or a socket alone, and answers only those who ask for this machine by its own name: a page of another site cannot.</summary>
    private static WebApplication Build(int port, string? socket)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostFilteringOptions>(options => options.AllowedHosts = ["localhost", "127.0.0.1", "[::1]"]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = LargestRequest;
            kestrel.AddServerHeader = false;
            if (socket is null)
                kestrel.Listen(IPAddress.Loopback, port);
            else
                kestrel.ListenUnixSocket(Path.GetFullPath(socket));
        });
        var app = builder.Build();
        app.UseHostFiltering();
        return app;
    }

    private static int Within(string option, int value, int least, int most) =>
        value >= least && value <= most ? value : throw new BadInputException($"{option} must be from {least} to {most} (got {value})");
}
