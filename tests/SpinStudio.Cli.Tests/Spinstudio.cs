using System.Diagnostics;
using SpinStudio.Testing;

namespace SpinStudio.Cli.Tests;

/// <summary>Runs the built <c>spinstudio</c> as its users do: as a process.</summary>
internal static class Spinstudio
{
    public static readonly string Repository = Checkout.Root;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static async Task<Outcome> Run(params string[] arguments)
    {
        using var process = Start(arguments);
        return await Finish(process);
    }

    public static Process Start(params string[] arguments) => Start([], arguments);

    public static Process Start(Dictionary<string, string?> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "spinstudio.dll"));
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>Waits for the end; a process that outlives the limit is killed and fails the test.</summary>
    public static async Task<Outcome> Finish(Process process)
    {
        using var limit = new CancellationTokenSource(Limit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new Outcome(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"spinstudio did not end within {Limit}.");
        }
    }

    internal sealed record Outcome(int ExitCode, string Output, string Error)
    {
        /// <summary>Asserts that the input was refused: exit code 2, nothing on standard output, one line on standard error.</summary>
        public string Refusal()
        {
            Assert.True(ExitCode == 2, $"exit code {ExitCode}\n{Output}\n{Error}");
            Assert.Empty(Output);
            return Assert.Single(Error.TrimEnd('\n').Split('\n'));
        }

        /// <summary>Standard output of a process that ended with 0.</summary>
        public string Success()
        {
            Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Error}");
            return Output;
        }
    }
}
