using System.Diagnostics;
using System.Globalization;
using SpinStudio.Torch;

namespace SpinStudio.Engine.DataParallel;

/// <summary>
/// Each rank says every second that it lives; rank 0 listens to all, the others to rank 0. A process that is killed also closes its connections, which the
/// others notice at once; a machine that vanishes does not, and is noticed here.
/// </summary>
internal sealed class RankWatch : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    /// <summary>How long a rank may be silent.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly int _rank;
    private readonly Action<int> _lost;
    private readonly Dictionary<int, (string? Beat, long At)> _heard;
    private readonly ManualResetEventSlim _end = new();
    private readonly Thread _talking;
    private readonly Timer _judging;
    private volatile bool _calm;

    /// <param name="lost">Called once, on another thread, with a rank that has been silent for too long.</param>
    public RankWatch(int rank, int count, Action<int> lost)
    {
        (_rank, _lost) = (rank, lost);
        _heard = (rank == 0 ? Enumerable.Range(1, count - 1) : [0]).ToDictionary(peer => peer, _ => ((string?)null, Stopwatch.GetTimestamp()));
        _talking = new Thread(Talk) { IsBackground = true, Name = "ranks" };
        _talking.Start();
        _judging = new Timer(_ => Judge(), null, Beat, Beat);
    }

    /// <summary>From now on silence is no reason for alarm: the ranks part.</summary>
    public void Calm() => _calm = true;

    /// <summary>Ranks that were not heard within the last <paramref name="window"/>.</summary>
    public IReadOnlyList<int> Silent(TimeSpan window)
    {
        lock (_heard)
            return [.. _heard.Where(peer => Stopwatch.GetElapsedTime(peer.Value.At) > window).Select(peer => peer.Key)];
    }

    public void Dispose()
    {
        _calm = true;
        _judging.Dispose();
        _end.Set();
        if (_talking.Join(5 * Beat)) _end.Dispose();
    }

    /// <summary>Apart from <see cref="Talk"/>, which may hang for as long as the network tries when the way to the store is cut.</summary>
    private void Judge()
    {
        if (_calm || Silent(Patience) is not [var lost, ..]) return;
        _calm = true;
        _lost(lost);
    }

    private void Talk()
    {
        for (long beat = 1; ; beat++)
        {
            try
            {
                torch.distributed.store_set(KeyOf(_rank), beat.ToString(CultureInfo.InvariantCulture));
                foreach (var peer in _heard.Keys.ToList())
                    Hear(peer, torch.distributed.store_get(KeyOf(peer)));
            }
            catch (TorchException) when (!_calm)
            {
                // The store is out of reach, and with it rank 0. It may come back.
            }
            catch (TorchException)
            {
                return;
            }
            if (_end.Wait(Beat)) return;
        }
    }

    private void Hear(int peer, string? beat)
    {
        lock (_heard)
            if (beat != _heard[peer].Beat)
                _heard[peer] = (beat, Stopwatch.GetTimestamp());
    }

    private static string KeyOf(int rank) => string.Create(CultureInfo.InvariantCulture, $"beat/{rank}");
}
