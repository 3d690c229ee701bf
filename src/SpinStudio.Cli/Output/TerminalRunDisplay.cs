using System.Collections.Concurrent;
using SpinStudio.Engine.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace SpinStudio.Cli.Output;

/// <summary>Two live bars, the whole run's and the present phase's, under the lines that stay.</summary>
internal sealed class TerminalRunDisplay(IAnsiConsole console) : IRunDisplay
{
    public T Follow<T>(Func<Action<JournalEvent>, T> run)
    {
        var details = new DetailColumn();
        return console.Progress()
            .AutoClear(true)
            .HideCompleted(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), details)
            .Start(context =>
            {
                var bars = new Bars(context, details);
                return run(journalEvent =>
                {
                    bars.Update(journalEvent);
                    if (EventText.Line(journalEvent) is { } line)
                        Notice(line);
                });
            });
    }

    public void Notice(string line) => console.WriteLine(line);

    private sealed class Bars(ProgressContext context, DetailColumn details)
    {
        private readonly ProgressTask _whole = context.AddTask("whole run", maxValue: 1);
        private (int Iteration, RunPhase Phase)? _at;
        private ProgressTask? _phase;
        private string _progress = "", _metrics = "";

        public void Update(JournalEvent journalEvent)
        {
            switch (journalEvent)
            {
                // A resumed run goes on in the middle of a phase, without telling its start again.
                case ProgressEvent e:
                    Enter(e.Iteration, e.Phase);
                    _phase!.MaxValue = Math.Max(1, e.Total);
                    _phase.Value = e.Done;
                    _whole.Value = e.Overall;
                    details.Set(_whole, e.EtaSeconds is { } eta ? $"{Figures.Duration(eta)} left" : "");
                    _progress = EventText.Progress(e);
                    break;
                case PhaseEvent { State: PhaseState.Started } e:
                    Enter(e.Iteration, e.Phase);
                    break;
                case MetricsEvent e:
                    _metrics = EventText.Metrics(e);
                    break;
                default:
                    return;
            }

            if (_phase is not null)
                details.Set(_phase, string.Join(", ", new[] { _progress, _metrics }.Where(part => part.Length > 0)));
        }

        private void Enter(int iteration, RunPhase phase)
        {
            if (_at == (iteration, phase))
                return;
            _phase?.StopTask();
            _phase = context.AddTask(EventText.Phase(iteration, phase));
            _at = (iteration, phase);
            (_progress, _metrics) = ("", "");
        }
    }

    /// <summary>What a task says beside its bar.</summary>
    private sealed class DetailColumn : ProgressColumn
    {
        private readonly ConcurrentDictionary<int, string> _details = [];

        protected override bool NoWrap => true;

        public void Set(ProgressTask task, string text) => _details[task.Id] = text;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(_details.GetValueOrDefault(task.Id, ""));
    }
}
