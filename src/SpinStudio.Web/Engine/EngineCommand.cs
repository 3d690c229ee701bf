using System.Diagnostics;

namespace SpinStudio.Web.Engine;

/// <summary>Runs the engine's program for a moment's work on a file. A file that brings it down brings nothing else down.</summary>
public sealed class EngineCommand(EngineLocation location)
{
    private const int BadInput = 2;

    /// <summary>Waits for the end; what standard output said.</summary>
    /// <exception cref="Features.Errors.StudioException">The engine refuses its input, or does not get through it; the reason in one line.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var program = location.Find();
        var start = new ProcessStartInfo(program[0], program.Skip(1).Concat(arguments)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0 ? await output : throw Refused(process.ExitCode, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    private static Features.Errors.StudioException Refused(int exitCode, string error)
    {
        var reason = error.TrimEnd().Split('\n')[^1];
        const string name = "spinstudio: ";
        reason = reason.StartsWith(name, StringComparison.Ordinal) ? reason[name.Length..] : reason;
        return new(Features.Errors.Refusal.Invalid, exitCode == BadInput && reason.Length > 0 ? reason : $"The file could not be read to its end (the engine ended with {exitCode}); it may be damaged.");
    }
}
