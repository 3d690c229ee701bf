using System.Globalization;

namespace SpinStudio.Engine.DataParallel;

/// <summary>Which of the processes that play a run together this one is, and where they meet.</summary>
/// <param name="Rank">Number of this process, from 0. Rank 0 writes the run folder.</param>
/// <param name="Count">How many there are.</param>
/// <param name="OnThisMachine">How many of them share this machine, and with it its processors.</param>
/// <param name="Meeting">Ranks of one machine: a folder of their own in which they find each other. Null: they meet at <paramref name="Address"/>.</param>
/// <param name="Address">Host that rank 0 runs on.</param>
/// <param name="Serves">Whether this process opens <paramref name="Port"/>; a launcher may have done so.</param>
/// <param name="Attempt">Tells this start from earlier ones that met at the same place.</param>
/// <param name="LocalRank">Number of this process among those of its machine.</param>
public sealed record RankPlace(int Rank, int Count, int OnThisMachine, string? Meeting, string Address = "", int Port = 0, bool Serves = false, string Attempt = "0", int LocalRank = 0)
{
    public const int Most = 1024;

    /// <summary>Names the folder in which ranks of one machine meet.</summary>
    private const string MeetingVariable = "SPINSTUDIO_MEETING";

    /// <summary>
    /// What a launcher such as torchrun, srun or mpirun says in the environment: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT and, where ranks share a machine,
    /// LOCAL_WORLD_SIZE. Null without RANK and WORLD_SIZE.
    /// </summary>
    /// <exception cref="BadInputException">A variable is missing or out of its range.</exception>
    public static RankPlace? FromEnvironment(Func<string, string?> variable)
    {
        if (Text("RANK") is null && Text("WORLD_SIZE") is null) return null;
        var count = Number("WORLD_SIZE", 1, Most);
        var rank = Number("RANK", 0, count - 1);
        var local = Text("LOCAL_WORLD_SIZE") is null ? 1 : Number("LOCAL_WORLD_SIZE", 1, count);
        var localRank = Text("LOCAL_RANK") is null ? 0 : Number("LOCAL_RANK", 0, Most - 1);
        if (count == 1) return new RankPlace(0, 1, local, null, LocalRank: localRank);
        if (Text(MeetingVariable) is { } meeting) return new RankPlace(rank, count, local, meeting, LocalRank: localRank);
        var agentServes = string.Equals(Text("TORCHELASTIC_USE_AGENT_STORE"), "true", StringComparison.OrdinalIgnoreCase);
        return new RankPlace(
            rank, count, local, null, Text("MASTER_ADDR") ?? throw Missing("MASTER_ADDR", "the host that rank 0 runs on"), Number("MASTER_PORT", 1, 65535),
            rank == 0 && !agentServes, Text("TORCHELASTIC_RESTART_COUNT") ?? "0", localRank);

        string? Text(string name) => variable(name) is { Length: > 0 } value ? value : null;

        int Number(string name, int least, int most)
        {
            var text = Text(name) ?? throw Missing(name, $"a whole number from {least} to {most}");
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
                ? value
                : throw new BadInputException($"{name} must be a whole number from {least} to {most} (got '{(text.Length > 20 ? text[..20] + "…" : text)}'); a launcher sets it for each rank");
        }

        static BadInputException Missing(string name, string what) =>
            new($"{name} is missing: when a launcher sets RANK or WORLD_SIZE it must set {name} too, {what}; without a launcher, unset both and use --ranks N");
    }

    /// <summary>The variables from which <see cref="FromEnvironment"/> reads this place.</summary>
    public IEnumerable<(string Name, string Value)> Variables =>
    [
        ("RANK", Text(Rank)), ("WORLD_SIZE", Text(Count)), ("LOCAL_RANK", Text(LocalRank)), ("LOCAL_WORLD_SIZE", Text(OnThisMachine)), (MeetingVariable, Meeting ?? ""),
    ];

    /// <summary>Threads for one rank: its share of those that the run may use on this machine.</summary>
    /// <param name="threads">Of the run; 0 = all cores.</param>
    public int Threads(int threads) => Math.Max(1, (threads > 0 ? threads : Environment.ProcessorCount) / OnThisMachine);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
