using SpinStudio.Engine.Tokenization.Jinja;

namespace SpinStudio.Engine.Tokenization;

/// <summary>
/// Turns a conversation into the text that a model was taught to continue: the Jinja template of a model folder, in the environment that transformers gives it
/// (<c>messages</c>, <c>add_generation_prompt</c>, <c>bos_token</c>, <c>eos_token</c>, <c>strftime_now</c>, …; no tools, no documents). Safe for use from several threads.
/// </summary>
public sealed class ChatTemplate
{
    private const int LongestRange = 100_000;

    private readonly JinjaStatement _template;
    private readonly TokenizerSettings _tokens;
    private readonly TimeProvider _clock;

    /// <param name="source">Jinja.</param>
    /// <param name="tokens">Named tokens that the template may print.</param>
    /// <param name="clock">For templates that print the date; the system's when not given.</param>
    /// <exception cref="BadInputException">The template is malformed or uses a construct that is not supported; the message names it and its line.</exception>
    public ChatTemplate(string source, TokenizerSettings tokens, TimeProvider? clock = null)
    {
        Source = source;
        _tokens = tokens;
        _clock = clock ?? TimeProvider.System;
        _template = JinjaParser.Parse(source);
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>The template of the tokenizer's folder; where it has none, the built-in one that suits the tokenizer.</summary>
    public static ChatTemplate Of(Tokenizer tokenizer, TimeProvider? clock = null) =>
        new(tokenizer.Settings.ChatTemplate ?? BuiltInTemplates.SuitedTo(tokenizer), tokenizer.Settings, clock);

    /// <summary>The conversation as text.</summary>
    /// <param name="addGenerationPrompt">End with the opening of an assistant's turn.</param>
    /// <exception cref="BadInputException">The template refuses the conversation, or fails on it.</exception>
    public string Render(IEnumerable<ChatMessage> messages, bool addGenerationPrompt)
    {
        var run = new JinjaRun();
        var globals = new JinjaScope(null, run);
        foreach (var (name, value) in Globals())
            globals[name] = value;
        globals["messages"] = messages
            .Select(message => (object?)new Dictionary<string, object?>(StringComparer.Ordinal) { ["role"] = message.Role, ["content"] = message.Content })
            .ToList();
        globals["add_generation_prompt"] = addGenerationPrompt;
        try
        {
            _template.Execute(globals.Inner());
        }
        catch (JinjaFault fault)
        {
            throw new BadInputException($"chat template: {fault.Message}", fault);
        }
        catch (InsufficientExecutionStackException e)
        {
            throw new BadInputException("chat template: nested too deep", e);
        }
        return run.Output.ToString();
    }

    private IEnumerable<(string Name, object? Value)> Globals()
    {
        yield return ("raise_exception", (JinjaFunction)((arguments, _) => throw new BadInputException($"the chat template refuses this conversation: {JinjaValue.Print(arguments.ElementAtOrDefault(0))}")));
        yield return ("namespace", (JinjaFunction)MakeNamespace);
        yield return ("dict", (JinjaFunction)((_, named) => named.ToDictionary(StringComparer.Ordinal)));
        yield return ("range", (JinjaFunction)MakeRange);
        yield return ("strftime_now", (JinjaFunction)((arguments, _) =>
            Strftime.Format(JinjaValue.Text(arguments.ElementAtOrDefault(0), "argument 1 of strftime_now()"), _clock.GetLocalNow())));
        yield return ("tools", null);
        yield return ("documents", null);
        foreach (var (name, token) in new[] { ("bos_token", _tokens.BosToken), ("eos_token", _tokens.EosToken), ("pad_token", _tokens.PadToken), ("unk_token", _tokens.UnknownToken) })
        {
            if (token is not null)
                yield return (name, token);
        }
    }

    private static JinjaNamespace MakeNamespace(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named)
    {
        var space = new JinjaNamespace();
        foreach (var (name, value) in named)
            space[name] = value;
        return space;
    }

    private static List<object?> MakeRange(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named)
    {
        var bounds = arguments.Select(one => JinjaValue.Whole(one, "an argument of range()")).ToList();
        var (from, to, step) = bounds.Count switch
        {
            1 => (0, bounds[0], 1),
            2 => (bounds[0], bounds[1], 1),
            3 when bounds[2] != 0 => (bounds[0], bounds[1], bounds[2]),
            _ => throw new JinjaFault("range() takes one to three whole numbers, the step not 0"),
        };
        var numbers = new List<object?>();
        for (var i = from; step > 0 ? i < to : i > to; i += step)
        {
            if (numbers.Count == LongestRange)
                throw new JinjaFault($"range() is longer than {LongestRange}");
            numbers.Add(i);
        }
        return numbers;
    }
}
