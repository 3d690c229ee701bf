using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.DataParallel;

/// <summary>
/// The processes that play a run together (data parallel, over torch c10d and Gloo). Each has the whole model and takes its share of the work; they see one
/// run folder, which rank 0 alone writes. Every rank makes the same calls in the same order. <see cref="Alone"/> is the one process of a plain run, for which
/// all of this is nothing.
/// </summary>
public sealed class Ranks : IDisposable
{
    /// <summary>A collective ends with an error after this at the latest. Long, for rank 0 may be saving; lost ranks are noticed by <see cref="RankWatch"/>.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(6);

    private static readonly TimeSpan ToMeet = TimeSpan.FromMinutes(5), ToPart = TimeSpan.FromSeconds(10), Look = TimeSpan.FromMilliseconds(20);

    private const string End = "end";

    private static readonly JsonSerializerOptions Json = new(RunJson.Line) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly RankPlace _place;
    private readonly RankWatch? _watch;
    private bool _inGroup;
    private IReadOnlyList<int> _lost = [];

    private Ranks(RankPlace place, RankWatch? watch) => (_place, _watch, _inGroup) = (place, watch, watch is not null);

    /// <summary>One process with all processors.</summary>
    public static Ranks Alone { get; } = new(new RankPlace(0, 1, 1, null), null);

    public int Rank => _place.Rank;

    public int Count => _place.Count;

    /// <summary>Whether this process writes files and tells what happens.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Called, on another thread, when a rank has been silent for too long; then this process ends.</summary>
    public event Action<int>? Vanished;

    /// <summary>Meets the other ranks; returns when all are there.</summary>
    /// <exception cref="BadInputException">They did not come within five minutes.</exception>
    public static Ranks Join(RankPlace place, CancellationToken cancel = default)
    {
        if (place.Count == 1) return new Ranks(place, null);
        try
        {
            if (place.Meeting is { } folder)
                torch.distributed.open_file_store(Path.Combine(folder, "store"), place.Count, ToMeet);
            else
                torch.distributed.open_tcp_store(place.Address, place.Port, place.Serves, $"spinstudio/{place.Attempt}", ToMeet);
            torch.distributed.store_set(KeyOf("here", place.Rank), "1");
            for (var waited = TimeSpan.Zero; Absent(place) is { Count: > 0 } absent; waited += Look)
            {
                if (waited > ToMeet)
                    throw new BadInputException($"rank {string.Join(", ", absent)} of {place.Count} did not come to {place.Address}:{place.Port} within {ToMeet.TotalMinutes} minutes; see whether it was started and reaches that address");
                if (cancel.WaitHandle.WaitOne(Look)) throw new OperationCanceledException(cancel);
            }
            torch.distributed.init_process_group(place.Rank, place.Count, place.Meeting is not null || IsLoopback(place.Address) ? "127.0.0.1" : "", LongestWait);
        }
        catch (TorchException e)
        {
            throw new BadInputException($"rank {place.Rank} of {place.Count} could not meet the others{(place.Meeting is null ? $" at {place.Address}:{place.Port}" : "")}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        Ranks? ranks = null;
        ranks = new Ranks(place, new RankWatch(place.Rank, place.Count, lost => Volatile.Read(ref ranks)?.Vanished?.Invoke(lost)));
        return ranks;
    }

    /// <summary>Number of this process among those of its machine.</summary>
    public int LocalRank => _place.LocalRank;

    /// <summary>Threads for this process: its share of those of the run.</summary>
    public int Threads(int threads) => _place.Threads(threads);

    /// <summary>What rank 0 finds, told to all.</summary>
    public T Agreed<T>(Func<T> find) => Count == 1 ? find() : Gather(IsFirst ? find() : default)[0]!;

    /// <summary>Rank 0 does it; the others wait until it is done.</summary>
    public void Once(Action act) => Agreed(() =>
    {
        act();
        return true;
    });

    /// <summary>Waits for all ranks.</summary>
    public void Wait() => Gather(true);

    /// <summary>Whether it holds on any rank.</summary>
    public bool Any(bool here) => Gather(here).Contains(true);

    /// <summary>Those of a list that are this rank's to do.</summary>
    public IEnumerable<T> Mine<T>(IEnumerable<T> all) => all.Where((_, i) => i % Count == Rank);

    /// <summary>
    /// Does work in rounds: of each round one piece is done by each rank. Every rank gets all results, in the order of the work.
    /// </summary>
    /// <exception cref="OperationCanceledException">A rank was asked to stop.</exception>
    public IEnumerable<TResult> Share<TWork, TResult>(IEnumerable<TWork> work, Func<TWork, TResult> act)
    {
        if (Count == 1)
        {
            foreach (var piece in work)
                yield return act(piece);
            yield break;
        }
        foreach (var round in work.Chunk(Count))
        {
            var all = Gather(Rank < round.Length ? Done(() => act(round[Rank])) : new Outcome<TResult>(false, default));
            if (all.Any(one => one.Stopped)) throw new OperationCanceledException("a rank was asked to stop");
            foreach (var one in all.Take(round.Length))
                yield return one.Result!;
        }
    }

    /// <summary>Adds up a flat tensor over the ranks, in place. fp32 or wider.</summary>
    public void Sum(Tensor tensor)
    {
        if (Count > 1) Together(() => torch.distributed.all_reduce(tensor));
    }

    /// <summary>Adds up named numbers over the ranks, in the order of the ranks.</summary>
    public Dictionary<string, double> Sum(Dictionary<string, double> numbers) => Count == 1
        ? numbers
        : Gather(numbers).SelectMany(one => one).GroupBy(one => one.Key).ToDictionary(one => one.Key, one => one.Sum(number => number.Value));

    /// <summary>Compares the bits of a tensor that must be the same on all ranks.</summary>
    /// <param name="what">Its name in the message.</param>
    /// <exception cref="RanksDifferException">They differ.</exception>
    public void RequireSame(Tensor tensor, string what)
    {
        if (Count == 1) return;
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        RequireSame(tensor.view(ScalarType.Int32).sum().item<long>(), what);
    }

    /// <inheritdoc cref="RequireSame(Tensor, string)"/>
    public void RequireSame<T>(T value, string what) where T : notnull
    {
        var all = Gather(value);
        if (Array.FindIndex(all, one => !one.Equals(all[0])) is var other && other >= 0)
            throw new RanksDifferException($"{what} of rank {other} differ from those of rank 0.");
    }

    /// <summary>Tells rank 0 why this rank ends, and ends its part in the group, so that nobody waits for it.</summary>
    public void Fail(FailedEvent failure)
    {
        if (Count == 1) return;
        try
        {
            torch.distributed.store_set(KeyOf("failure", Rank), JsonSerializer.Serialize(failure, RunJson.Line));
        }
        catch (TorchException)
        {
            // Rank 0 is gone as well: nobody is left to be told.
        }
        LeaveGroup();
    }

    /// <summary>On rank 0, after a collective failed: what another rank said before it ended, or which ranks went without a word.</summary>
    public (int Rank, FailedEvent Failure)? Cause(out IReadOnlyList<int> lost)
    {
        LeaveGroup();
        // A killed process is silent at once, a living one beats every second.
        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromSeconds(4); waited += Look)
        {
            for (var rank = 1; rank < Count; rank++)
                if (torch.distributed.store_get(KeyOf("failure", rank)) is { } told)
                {
                    lost = _lost = [rank];
                    return (rank, JsonSerializer.Deserialize<FailedEvent>(told, RunJson.Line)!);
                }
            Thread.Sleep(Look);
        }
        lost = _lost = _watch!.Silent(TimeSpan.FromSeconds(3));
        return null;
    }

    /// <summary>Parts from the others: rank 0 last, for it may hold the store.</summary>
    public void Dispose()
    {
        if (_watch is null) return;
        LeaveGroup();
        _watch.Calm();
        try
        {
            if (IsFirst) torch.distributed.store_set(End, "1");
            WaitFor(() => IsFirst
                ? Enumerable.Range(1, Count - 1).Except(_lost).All(rank => torch.distributed.store_get(KeyOf("left", rank)) is not null)
                : torch.distributed.store_get(End) is not null);
            if (!IsFirst) torch.distributed.store_set(KeyOf("left", Rank), "1");
        }
        catch (TorchException)
        {
            // The store is gone with rank 0.
        }
        _watch.Dispose();
        torch.distributed.close_store();
    }

    private static void WaitFor(Func<bool> holds)
    {
        for (var waited = TimeSpan.Zero; waited < ToPart && !holds(); waited += Look)
            Thread.Sleep(Look);
    }

    private static List<int> Absent(RankPlace place) =>
        [.. Enumerable.Range(0, place.Count).Where(rank => torch.distributed.store_get(KeyOf("here", rank)) is null)];

    private static bool IsLoopback(string host) => host == "localhost" || (System.Net.IPAddress.TryParse(host, out var address) && System.Net.IPAddress.IsLoopback(address));

    private static string KeyOf(string what, int rank) => string.Create(CultureInfo.InvariantCulture, $"{what}/{rank}");

    private static Outcome<T> Done<T>(Func<T> act)
    {
        try
        {
            return new Outcome<T>(false, act());
        }
        catch (OperationCanceledException)
        {
            return new Outcome<T>(true, default);
        }
    }

    private void LeaveGroup()
    {
        if (_inGroup) torch.distributed.destroy_process_group();
        _inGroup = false;
    }

    /// <summary>What each rank gives, on every rank, in their order.</summary>
    private T[] Gather<T>(T mine)
    {
        if (Count == 1) return [mine];
        T[] all = [];
        Together(() =>
        {
            using var scope = torch.NewDisposeScope();
            var bytes = JsonSerializer.SerializeToUtf8Bytes(mine, Json);
            var lengths = torch.distributed.all_gather(torch.from_bytes(BitConverter.GetBytes((long)bytes.Length), [1], ScalarType.Int64)).view(Count).data<long>().ToArray();
            var padded = new byte[lengths.Max()];
            bytes.CopyTo(padded, 0);
            var gathered = torch.distributed.all_gather(torch.from_bytes(padded, [padded.Length], ScalarType.Byte)).bytes();
            all = new T[Count];
            for (var rank = 0; rank < Count; rank++)
                all[rank] = JsonSerializer.Deserialize<T>(gathered.Slice(rank * padded.Length, (int)lengths[rank]), Json)!;
        });
        return all;
    }

    /// <exception cref="RankLostException">A rank does not answer any more.</exception>
    private static void Together(Action collective)
    {
        try
        {
            collective();
        }
        catch (TorchException e)
        {
            throw new RankLostException(e);
        }
    }

    private sealed record Outcome<T>(bool Stopped, T? Result);
}

/// <summary>A collective failed, because a rank is gone.</summary>
public sealed class RankLostException(Exception cause) : Exception($"A rank was lost: {cause.Message}", cause);

/// <summary>What must be the same on all ranks is not.</summary>
public sealed class RanksDifferException(string message) : Exception(message);
