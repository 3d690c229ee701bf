using System.Text.Json;
using Spectre.Console;
using SpinStudio.Cli.Output;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Tests;

public sealed class RunDisplayTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Plain_lines_come_at_most_every_ten_seconds_while_a_phase_goes_on()
    {
        var output = new StringWriter();

        Follow(new PlainRunDisplay(output), Enumerable.Range(0, 60).Select(second => Progress(second, total: 100)));

        Assert.Equal(6, Lines(output).Length);
    }

    [Fact]
    public void A_plain_line_tells_phase_rate_metrics_and_time_left()
    {
        var output = new StringWriter();

        Follow(new PlainRunDisplay(output), [Metrics(loss: 0.41, margin: 1.2, accuracy: 0.9375), Progress(34, total: 120)]);

        Assert.Equal("iteration 0, train: 34/120 steps, 3,210 tokens/s; loss 0.41, margin 1.2, accuracy 93.8 %; 38 % of the run, 2:05 left", Assert.Single(Lines(output)));
    }

    [Fact]
    public void The_last_unit_of_a_phase_is_always_shown()
    {
        var output = new StringWriter();

        Follow(new PlainRunDisplay(output), [Progress(99, total: 100), Progress(100, total: 100)]);

        Assert.Contains("100/100", Lines(output)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_of_a_phase_are_not_shown_beside_the_next_one()
    {
        var output = new StringWriter();

        Follow(new PlainRunDisplay(output), [Metrics(0.4, 1, 1), new PhaseEvent(1, RunPhase.Generate, PhaseState.Started) { At = Start }, Progress(1, 10)]);

        Assert.DoesNotContain("loss", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_lines_are_the_journals_own()
    {
        var output = new StringWriter();
        JournalEvent[] events = [Progress(1, 10), new FinishedEvent("iteration-2/model", 151) { Seq = 2, At = Start }];

        Follow(new JsonRunDisplay(output), events);

        Assert.Equal(events, Lines(output).Select(line => JsonSerializer.Deserialize<JournalEvent>(line, RunJson.Line)));
    }

    [Fact]
    public void The_terminal_keeps_lines_and_shows_bars_with_rate_and_time_left()
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            Out = new WideOutput(output),
        });

        var result = new TerminalRunDisplay(console).Follow(show =>
        {
            show(new PhaseEvent(0, RunPhase.Train, PhaseState.Started));
            show(Progress(34, total: 120));
            Thread.Sleep(400); // bars are redrawn ten times a second
            show(new IterationEvent(0, "iteration-0/model", "ab", 480, new Dictionary<string, int> { ["identical"] = 18, ["too_long"] = 2 }, 52));
            return 7;
        });

        Assert.Equal(7, result);
        Assert.Contains("iteration 0, train", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("34/120 steps, 3,210 tokens/s", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("2:05 left", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("Iteration 0 finished in 0:52: 480 pairs, 20 dropped (18 identical, 2 too long); model in iteration-0/model", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_evaluation_table_has_a_row_a_model_and_dashes_for_what_was_not_measured()
    {
        var table = EvaluationTable.Render(
        [
            new EvaluationReport { Iteration = -1, Examples = 200, Nll = new Estimate(1.25, 1.2, 1.3, 200), MeanLength = 31.46, TruncatedShare = 0.01 },
            new EvaluationReport
            {
                Iteration = 0, Examples = 200, Exact = new Estimate(0.612, 0.58, 0.643, 200), Nll = new Estimate(1, 0.9, 1.1, 200),
                RewardAccuracy = new Estimate(0.9, 0.85, 0.95, 200), RewardMargin = new Estimate(2, 1.5, 2.5, 200), MeanLength = 30, TruncatedShare = 0,
            },
        ]).Split('\n');

        Assert.Equal("start  –                    1.250 [1.200, 1.300]  –                    –                     31.5    1.0 %", table[1]);
        Assert.Equal("0      61.2 % [58.0, 64.3]  1.000 [0.900, 1.100]  90.0 % [85.0, 95.0]  2.000 [1.500, 2.500]  30      0.0 %", table[2]);
    }

    private static void Follow(IRunDisplay display, IEnumerable<JournalEvent> events) => display.Follow(show =>
    {
        foreach (var journalEvent in events)
            show(journalEvent);
        return 0;
    });

    private static ProgressEvent Progress(int done, int total) =>
        new(0, RunPhase.Train, done, total, "steps", 3210, 0.38, 125) { Seq = done, At = Start.AddSeconds(done) };

    private static MetricsEvent Metrics(double loss, double margin, double accuracy) => new(0, 33, 33, 0.5, 1000, new Dictionary<string, double?>
    {
        ["loss"] = loss,
        ["rewards/margins"] = margin,
        ["rewards/accuracies"] = accuracy,
    });

    private static string[] Lines(StringWriter output) => output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    private sealed class WideOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => true;

        public int Width => 160;

        public int Height => 50;

        public void SetEncoding(System.Text.Encoding encoding)
        {
        }
    }
}
