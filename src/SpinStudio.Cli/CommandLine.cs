using System.CommandLine;
using SpinStudio.Cli.Commands;
using SpinStudio.Engine;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli;

/// <summary><c>spinstudio</c>: the commands, and how their errors become one line and an exit code.</summary>
internal static class CommandLine
{
    public static int Run(string[] args)
    {
        var parsed = Root().Parse(args);
        if (parsed.Errors.Count > 0)
            return Refuse($"{WhatIsWrong(parsed)} See spinstudio {CommandPath(parsed)}--help.");

        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (BadInputException exception)
        {
            return Refuse(exception.Message);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return Refuse(exception.Message);
        }
        catch (IOException exception)
        {
            Say(exception.Message);
            return ExitCode.Failed;
        }
        catch (Exception exception)
        {
            Say($"internal error: {exception}");
            return ExitCode.Failed;
        }
    }

    private static RootCommand Root() => new("Fine-tunes language models by self-play (SPIN): trains, generates, evaluates and inspects, without the studio or beside it.")
    {
        TrainCommand.Create(),
        GenerateCommand.Create(),
        EvaluateCommand.Create(),
        ServeCommand.Create(),
        ImportCommand.Create(),
        ConvertCommand.Create(),
        InspectCommand.Create(),
        SettingsCommand.Create(),
        DoctorCommand.Create(),
        PullCommand.Create(),
        PushCommand.Create(),
        ExportCommand.Create(),
        SampleCommand.Create(),
    };

    /// <summary>A word that nothing expects says more than what is missing because of it.</summary>
    private static string WhatIsWrong(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens is not [var word, ..])
            return parsed.Errors[0].Message;
        var command = parsed.CommandResult.Command;
        var known = word.StartsWith('-') ? command.Options.Select(option => option.Name) : command.Subcommands.Select(subcommand => subcommand.Name);
        return $"'{word}' is not understood{(NearestName.Of(word, known) is { } nearest ? $"; {nearest} perhaps?" : ".")}";
    }

    private static int Refuse(string message)
    {
        Say(string.Join(' ', message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)));
        return ExitCode.BadInput;
    }

    private static void Say(string message) => Console.Error.WriteLine($"spinstudio: {message}");

    private static string CommandPath(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var result = parsed.CommandResult; result.Parent is System.CommandLine.Parsing.CommandResult parent; result = parent)
            names.Push(result.Command.Name + " ");
        return string.Concat(names);
    }
}
