using System.Security.Cryptography;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Hub;

/// <summary>A file of a folder that is pushed.</summary>
/// <param name="Path">Within the repository, with forward slashes.</param>
/// <param name="FullPath">On this machine.</param>
/// <param name="Sha256">Of the content, in lower-case hex: its name in large file storage.</param>
/// <param name="GitSha1">Of the Git blob, in lower-case hex.</param>
public sealed record LocalFile(string Path, string FullPath, long Size, string Sha256, string GitSha1)
{
    private const int SampleBytes = 512;

    private static readonly string[] ModelEndings = [".safetensors", ".json", ".jinja", ".txt", ".md"];
    private static readonly string[] BareNames = ["LICENSE", "NOTICE"];

    /// <summary>What makes a model or a LoRA adapter: safetensors, JSON and text of the top folder. The model is checked before anything is hashed.</summary>
    /// <exception cref="BadInputException">The folder is no sound model, or holds a link.</exception>
    public static IReadOnlyList<LocalFile> OfModel(string folder)
    {
        var adapter = System.IO.Path.Combine(folder, "adapter_model.safetensors");
        if (File.Exists(adapter))
            SafetensorsFile.Open(adapter).Dispose();
        else
            ModelFolder.Open(folder);
        return Read(folder, SearchOption.TopDirectoryOnly, path => ModelEndings.Contains(System.IO.Path.GetExtension(path).ToLowerInvariant()) || BareNames.Contains(path));
    }

    /// <summary>Rows as <see cref="HubFiles.IsData"/> knows them, and the card, in folders too.</summary>
    /// <exception cref="BadInputException">The folder is missing, has no such file, or holds a link.</exception>
    public static IReadOnlyList<LocalFile> OfDataset(string folder)
    {
        if (!Directory.Exists(folder))
            throw new BadInputException($"folder {folder} not found");
        var files = Read(folder, SearchOption.AllDirectories, path => HubFiles.IsData(path) || path == "README.md" || BareNames.Contains(path));
        return files.Any(file => HubFiles.IsData(file.Path)) ? files : throw new BadInputException($"{folder} has no file of rows; JSON Lines, JSON, CSV, TSV, Parquet and text are pushed");
    }

    /// <summary>The first bytes, from which the hub tells text from other content.</summary>
    internal byte[] Sample()
    {
        using var file = File.OpenRead(FullPath);
        var sample = new byte[Math.Min(SampleBytes, Size)];
        return sample[..file.ReadAtLeast(sample, sample.Length, throwOnEndOfStream: false)];
    }

    internal byte[] Content() => File.ReadAllBytes(FullPath) is var bytes && bytes.Length == Size ? bytes : throw Changed();

    internal BadInputException Changed() => new($"{FullPath} changed while it was pushed; push again");

    private static List<LocalFile> Read(string folder, SearchOption depth, Func<string, bool> isWanted)
    {
        var files = new List<LocalFile>();
        var all = new EnumerationOptions { RecurseSubdirectories = depth == SearchOption.AllDirectories, AttributesToSkip = FileAttributes.Hidden, IgnoreInaccessible = false };
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", all).OrderBy(entry => entry.FullName, StringComparer.Ordinal))
        {
            var path = System.IO.Path.GetRelativePath(folder, entry.FullName).Replace(System.IO.Path.DirectorySeparatorChar, '/');
            if (entry.LinkTarget is not null && (entry is DirectoryInfo || isWanted(path)))
                throw new BadInputException($"{entry.FullName} is a link; files are pushed, so put the file itself there");
            if (entry is FileInfo file && isWanted(path))
                files.Add(path.Any(c => char.IsControl(c) || c is '\\' or ':') ? throw new BadInputException($"'{path}' is no name for a file of a repository; rename it") : Of(path, file));
        }
        return files;
    }

    private static LocalFile Of(string path, FileInfo file)
    {
        using var content = file.OpenRead();
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var git = GitBlob.Begin(content.Length);
        var buffer = new byte[1 << 17];
        long size = 0;
        int read;
        while ((read = content.Read(buffer)) > 0)
        {
            sha256.AppendData(buffer.AsSpan(0, read));
            git.AppendData(buffer.AsSpan(0, read));
            size += read;
        }
        return new LocalFile(path, file.FullName, size, Convert.ToHexStringLower(sha256.GetHashAndReset()), Convert.ToHexStringLower(git.GetHashAndReset()));
    }
}
