using System.Diagnostics;

namespace SpinStudio.Engine.Runs;

/// <summary>Who works in a run folder: the content of <c>lease.json</c>.</summary>
/// <param name="StartedAt">Start time of the process, which tells it from a later one with the same id.</param>
/// <param name="HeartbeatAt">Renewed every 5 s while the process lives.</param>
public sealed record Lease(string Host, int Pid, DateTimeOffset StartedAt, DateTimeOffset HeartbeatAt);

/// <summary>Holds a run folder for this process: a lock that the system frees when the process dies, and a lease that others can read.</summary>
public sealed class RunLease : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);

    private readonly FileStream _lock;
    private readonly Timer _timer;
    private readonly Lock _beating = new();

    private RunLease(RunFolder folder, FileStream @lock)
    {
        _lock = @lock;
        using var process = Process.GetCurrentProcess();
        var lease = new Lease(Environment.MachineName, process.Id, process.StartTime.ToUniversalTime(), DateTimeOffset.UtcNow);
        AtomicFile.WriteJson(folder.Lease, lease);
        _timer = new Timer(_ => Renew(folder, lease), null, Beat, Beat);
    }

    /// <exception cref="BadInputException">Another process works in the folder.</exception>
    public static RunLease Take(RunFolder folder)
    {
        FileStream file;
        try
        {
            file = new FileStream(Path.Combine(folder.Root, "lease.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            var holder = File.Exists(folder.Lease) ? AtomicFile.ReadJson<Lease>(folder.Lease) : null;
            throw new BadInputException($"another engine works in {folder.Root}" + (holder is null ? "" : $" (process {holder.Pid} on {holder.Host})") + "; stop it first, or choose another folder");
        }
        return new RunLease(folder, file);
    }

    /// <summary>A beat may be missed, on a slow or a full disk; it must not end the run.</summary>
    private void Renew(RunFolder folder, Lease lease)
    {
        if (!_beating.TryEnter()) return;
        try
        {
            AtomicFile.WriteJson(folder.Lease, lease with { HeartbeatAt = DateTimeOffset.UtcNow });
        }
        catch (IOException e)
        {
            Console.Error.WriteLine($"the lease could not be renewed: {e.Message}");
        }
        finally
        {
            _beating.Exit();
        }
    }

    public void Dispose()
    {
        using var stopped = new ManualResetEvent(false);
        if (_timer.Dispose(stopped)) stopped.WaitOne();
        _lock.Dispose();
    }
}
