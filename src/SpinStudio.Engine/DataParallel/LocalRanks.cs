using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SpinStudio.Engine.DataParallel;

/// <summary>
/// The ranks of a run on one machine: rank 0 is this process, the others are its children. Each child reads its standard input from here: a line asks it to stop,
/// the end of it, which comes however this process ends, ends the child. They meet in a folder of their own, so nothing listens but on the loopback address.
/// </summary>
public sealed partial class LocalRanks : IDisposable
{
    private static readonly TimeSpan ToEnd = TimeSpan.FromSeconds(15);

    private readonly string _meeting;
    private readonly List<Process> _children = [];
    private readonly CancellationTokenSource _ended = new();

    private LocalRanks(string meeting, int count)
    {
        _meeting = meeting;
        Place = new RankPlace(0, count, count, meeting);
    }

    /// <summary>The place of rank 0.</summary>
    public RankPlace Place { get; }

    /// <summary>Set when a child has ended.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <param name="command">Program and arguments of a rank.</param>
    /// <param name="count">Ranks in all, this one included.</param>
    public static LocalRanks Start(IReadOnlyList<string> command, int count)
    {
        var ranks = new LocalRanks(Directory.CreateTempSubdirectory("spinstudio-ranks-").FullName, count);
        try
        {
            for (var rank = 1; rank < count; rank++)
                ranks.StartChild(command, ranks.Place with { Rank = rank, LocalRank = rank });
            return ranks;
        }
        catch
        {
            ranks.Dispose();
            throw;
        }
    }

    /// <summary>In a child: listens to what rank 0 asks, and ends with it.</summary>
    /// <param name="stop">Called when the rank is to stop.</param>
    public static void Obey(RankPlace place, Action stop)
    {
        if (place.Meeting is not { } meeting) return;
        var thread = new Thread(() =>
        {
            using var input = new StreamReader(Console.OpenStandardInput());
            while (input.ReadLine() is not null)
                stop();
            if (Directory.Exists(meeting)) Directory.Delete(meeting, recursive: true);
            EndAtOnce(Runs.RunFolder.ResumableExitCode);
        })
        { IsBackground = true, Name = "rank 0" };
        thread.Start();
    }

    /// <summary>Asks the children to stop.</summary>
    public void Stop()
    {
        foreach (var child in _children)
            try
            {
                child.StandardInput.WriteLine("stop");
                child.StandardInput.Flush();
            }
            catch (IOException)
            {
                // It has ended already.
            }
    }

    /// <summary>Ends this process now, whatever its other threads do.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    internal static partial void EndAtOnce(int code);

    /// <summary>Waits for the children, who end on their own; one that does not is killed.</summary>
    public void Dispose()
    {
        var waited = Stopwatch.StartNew();
        foreach (var child in _children)
        {
            if (!child.WaitForExit(ToEnd - waited.Elapsed > TimeSpan.Zero ? ToEnd - waited.Elapsed : TimeSpan.Zero))
                child.Kill();
            child.WaitForExit();
            child.Dispose();
        }
        if (Directory.Exists(_meeting)) Directory.Delete(_meeting, recursive: true);
        _ended.Dispose();
    }

    private void StartChild(IReadOnlyList<string> command, RankPlace place)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true };
        foreach (var (name, value) in place.Variables)
            start.Environment[name] = value;
        var child = new Process { StartInfo = start, EnableRaisingEvents = true };
        child.Exited += (_, _) => _ended.Cancel();
        child.Start();
        _children.Add(child);
    }
}
