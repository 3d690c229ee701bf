using Microsoft.Extensions.Options;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Engine;

/// <summary>Models that answer questions now. Each is loaded by a process of its own when first asked, kept while it is used, and let go when it is idle or another one needs the room.</summary>
internal sealed class ModelServers(EngineLocation location, IOptions<EngineOptions> options, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(10);

    private readonly Dictionary<Guid, Entry> entries = [];
    private readonly SemaphoreSlim gate = new(1);

    /// <summary>The server of a model, loaded if need be; dispose of the lease when the answer is there.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <exception cref="StudioException">It cannot be loaded, or too many others are answering at this moment.</exception>
    public async Task<Lease> UseAsync(Guid modelId, string folder, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            if (entries.TryGetValue(modelId, out var known) && known.Server.HasExited)
            {
                entries.Remove(modelId);
                await known.Server.DisposeAsync();
                known = null;
            }

            if (known is null)
            {
                await MakeRoomAsync();
                known = entries[modelId] = new Entry(await StartAsync(folder, cancellation));
            }

            known.Users++;
            return new Lease(known.Server, () => Release(known));
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Lets a model go, so that its folder can be deleted.</summary>
    public async Task ForgetAsync(Guid modelId)
    {
        await gate.WaitAsync();
        try
        {
            if (entries.Remove(modelId, out var entry))
            {
                await entry.Server.DisposeAsync();
            }
        }
        finally
        {
            gate.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Sweep, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SweepAsync(entry => entry.Users == 0 && time.GetUtcNow() - entry.LastUsed > TimeSpan.FromSeconds(options.Value.ModelIdleSeconds));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await SweepAsync(_ => true);
        }
    }

    private async Task<ModelServer> StartAsync(string folder, CancellationToken cancellation)
    {
        try
        {
            return await ModelServer.StartAsync(location.Find(), folder, cancellation);
        }
        catch (Exception failure) when (failure is InvalidOperationException or FileNotFoundException)
        {
            throw new StudioException(Refusal.Conflict, $"The model cannot be loaded: {failure.Message}");
        }
    }

    /// <summary>The one that was used longest ago goes, if there are as many as may be.</summary>
    private async Task MakeRoomAsync()
    {
        if (entries.Count < options.Value.ModelsLoaded)
        {
            return;
        }

        var (id, idle) = entries.Where(entry => entry.Value.Users == 0).OrderBy(entry => entry.Value.LastUsed).FirstOrDefault();
        if (idle is null)
        {
            throw new StudioException(Refusal.Conflict, $"{entries.Count} models are answering now, which is the limit (Engine:ModelsLoaded); try again when one has finished.");
        }

        entries.Remove(id);
        await idle.Server.DisposeAsync();
    }

    private async Task SweepAsync(Func<Entry, bool> gone)
    {
        await gate.WaitAsync();
        try
        {
            foreach (var (id, entry) in entries.Where(entry => gone(entry.Value)).ToList())
            {
                entries.Remove(id);
                await entry.Server.DisposeAsync();
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private void Release(Entry entry)
    {
        entry.LastUsed = time.GetUtcNow();
        Interlocked.Decrement(ref entry.Users);
    }

    /// <summary>Use of a server until it is disposed of.</summary>
    internal sealed class Lease(ModelServer server, Action release) : IDisposable
    {
        private Action? release = release;

        public HttpClient Http => server.Http;

        public void Dispose() => Interlocked.Exchange(ref release, null)?.Invoke();
    }

    private sealed class Entry(ModelServer server)
    {
        public int Users;

        public ModelServer Server { get; } = server;

        public DateTimeOffset LastUsed { get; set; }
    }
}
