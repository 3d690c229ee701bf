using System.Text;

namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>Names that are visible at a place of a template. A loop's body has its own, so that what it sets does not leak.</summary>
internal sealed class JinjaScope(JinjaScope? outer, JinjaRun run)
{
    private readonly Dictionary<string, object?> _names = new(StringComparer.Ordinal);

    public JinjaRun Run { get; } = run;

    public object? this[string name]
    {
        get => _names.TryGetValue(name, out var value) ? value : outer is null ? new JinjaUndefined(name) : outer[name];
        set => _names[name] = value;
    }

    public JinjaScope Inner() => new(this, Run);
}

/// <summary>One rendering: its output so far, and a limit on how much a template may do.</summary>
internal sealed class JinjaRun
{
    private const int MostSteps = 2_000_000;
    private const int DeepestCalls = 50;
    private int _steps;
    private int _calls;

    public StringBuilder Output { get; set; } = new();

    public void Step()
    {
        if (++_steps > MostSteps)
            throw new JinjaFault($"takes more than {MostSteps} steps");
    }

    public void Write(string text)
    {
        if (Output.Length + text.Length > JinjaValue.LongestText)
            throw new JinjaFault($"writes more than {JinjaValue.LongestText} characters");
        Output.Append(text);
    }

    /// <summary>Renders a part apart and returns its text.</summary>
    public string Capture(Action render)
    {
        if (++_calls > DeepestCalls)
            throw new JinjaFault($"macros call each other more than {DeepestCalls} deep");
        var outer = Output;
        Output = new StringBuilder();
        render();
        var text = Output.ToString();
        Output = outer;
        _calls--;
        return text;
    }
}
