using System.Diagnostics;
using System.Security.Cryptography;

namespace SpinStudio.Testing;

/// <summary>Scripts for Node.js with the packages that their lock file names.</summary>
internal static class NodeScripts
{
    /// <summary>Copies files into a folder that git ignores and lets npm fetch the packages; does nothing while the files are as they were the last time.</summary>
    /// <param name="sources">Where the files are.</param>
    /// <param name="npm">Arguments of npm.</param>
    /// <param name="after">What else belongs to the installation.</param>
    public static void Install(string sources, IReadOnlyList<string> files, string folder, string[] npm, Action? after = null)
    {
        var wanted = Convert.ToHexStringLower(SHA256.HashData([.. files.SelectMany(name => File.ReadAllBytes(Path.Combine(sources, name)))]));
        var stamp = Path.Combine(folder, "stamp");
        if (File.Exists(stamp) && File.ReadAllText(stamp) == wanted)
            return;
        Directory.CreateDirectory(folder);
        foreach (var name in files)
            File.Copy(Path.Combine(sources, name), Path.Combine(folder, name), overwrite: true);
        Run(folder, "npm", npm);
        after?.Invoke();
        File.WriteAllText(stamp, wanted);
    }

    /// <exception cref="InvalidOperationException">It ended with an error; the message holds all it said.</exception>
    public static void Run(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} in {folder} ended with {process.ExitCode}:\n{output.Result}\n{errors.Result}");
    }
}
