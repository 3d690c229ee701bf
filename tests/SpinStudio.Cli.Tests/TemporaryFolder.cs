namespace SpinStudio.Cli.Tests;

/// <summary>A folder that goes when the test ends.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("spinstudio-cli-").FullName;

    /// <summary>Path of a name inside.</summary>
    public string this[string name] => Path.Combine(Root, name);

    /// <summary>Writes a file inside and returns its path.</summary>
    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
