using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using SpinStudio.Data;

namespace SpinStudio.Bench.Live;

/// <summary>A run whose engine is this program: the journal is written here, line by line as the engine writes it, and a sleeping process holds the lease.</summary>
internal sealed class LongRun : IDisposable
{
    public static readonly string[] Names =
        ["loss", "learning_rate", "grad_norm", "rewards/real", "rewards/generated", "rewards/margins", "rewards/accuracies", "logps/real", "logps/generated"];

    private readonly Process engine;
    private readonly FileStream journal;
    private readonly Random random = new(1);
    private int step;

    private LongRun(Guid id, string folder)
    {
        Id = id;
        Directory.CreateDirectory(folder);
        journal = new FileStream(Path.Combine(folder, "journal.jsonl"), FileMode.Create, FileAccess.Write, FileShare.ReadWrite, 1 << 16);
        engine = Process.Start("sleep", "3600");
        var lease = string.Create(CultureInfo.InvariantCulture,
            $$"""{"host":"{{Environment.MachineName}}","pid":{{engine.Id}},"started_at":"{{engine.StartTime.ToUniversalTime():O}}","heartbeat_at":"{{DateTimeOffset.UtcNow:O}}"}""");
        File.WriteAllText(Path.Combine(folder, "lease.json"), lease);
    }

    public Guid Id { get; }

    /// <summary>Of the last line.</summary>
    public long Seq { get; private set; }

    public static async Task<LongRun> CreateAsync(string data, int steps)
    {
        await using var db = new StudioDb((DbContextOptions<StudioDb>)new DbContextOptionsBuilder<StudioDb>().UseStudioSqlite(StudioDbSetup.ConnectionString(Path.Combine(data, "studio.db"))).Options);
        var row = new Run
        {
            TeamId = await db.Teams.Select(team => team.Id).FirstAsync(), Name = "A long run", Kind = "spin", Status = RunStatus.Running, Iterations = 4, ClientRequestId = "long",
            Folder = "runs/long", CreatedAt = DateTimeOffset.UtcNow, QueuedAt = DateTimeOffset.UtcNow, StartedAt = DateTimeOffset.UtcNow,
            Config = """{"name":"A long run","model":"m","dataset":"d","iterations":4}""",
        };
        db.Runs.Add(row);
        await db.SaveChangesAsync();
        var run = new LongRun(row.Id, Path.Combine(data, row.Folder));
        run.Say("phase", "\"iteration\":0,\"phase\":\"train\",\"state\":\"started\"");
        for (var i = 0; i < steps; i++)
        {
            run.Step();
        }

        run.journal.Flush();
        return run;
    }

    /// <summary>So many steps a second, each line handed to the system as it is written.</summary>
    public async Task WriteAsync(TimeSpan time, double perSecond)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; watch.Elapsed < time; i++)
        {
            Step();
            await journal.FlushAsync();
            var next = TimeSpan.FromSeconds((i + 1) / perSecond) - watch.Elapsed;
            if (next > TimeSpan.Zero)
            {
                await Task.Delay(next);
            }
        }
    }

    public void Dispose()
    {
        journal.Dispose();
        engine.Kill();
        engine.Dispose();
    }

    private void Step()
    {
        var loss = 0.693 / (1 + (step / 20_000.0)) + (random.NextDouble() * 0.05);
        var values = string.Join(',', Names.Select((name, i) => string.Create(CultureInfo.InvariantCulture, $"\"{name}\":{(i == 0 ? loss : (random.NextDouble() - 0.5) * (i + 1)):R}")));
        Say("metrics", string.Create(CultureInfo.InvariantCulture, $"\"iteration\":0,\"step\":{step},\"global_step\":{step},\"epoch\":0.1,\"tokens\":{step * 900L},\"values\":{{{values}}}"));
        step++;
    }

    private void Say(string kind, string rest)
    {
        Seq++;
        journal.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"kind\":\"{kind}\",\"seq\":{Seq},\"at\":\"{DateTimeOffset.UtcNow:O}\",{rest}}}\n")));
    }
}
