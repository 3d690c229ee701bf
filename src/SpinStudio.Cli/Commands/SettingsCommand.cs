using System.CommandLine;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Commands;

/// <summary><c>settings</c>: the reference of all settings, docs/settings.md.</summary>
internal static class SettingsCommand
{
    public static Command Create()
    {
        var command = new Command("settings", "Write the reference of every setting of a run config, as Markdown.");
        command.SetAction(_ =>
        {
            Console.Out.Write(SettingsReference.Markdown());
            return ExitCode.Done;
        });
        return command;
    }
}
