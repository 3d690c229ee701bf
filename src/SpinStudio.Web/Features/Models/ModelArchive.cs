using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using SpinStudio.Engine;
using SpinStudio.Engine.Models;

namespace SpinStudio.Web.Features.Models;

/// <summary>A zip from a stranger: only plain files of a model come out of it, under their plain names, and never more than they claim.</summary>
internal static class ModelArchive
{
    public const int MostEntries = 10_000;

    private const long LongestDirectory = 8 << 20;
    private const long LongestText = 256 << 20;

    /// <summary>Weights hardly compress; whatever unpacks to much more is no model.</summary>
    private const int MostRatio = 50;

    private const int SymbolicLink = 0xA000, KindMask = 0xF000;

    /// <summary>Unpacks the model's files into an existing folder. They may lie in the archive's top or together in one folder of it.</summary>
    /// <returns>Names of what was left out.</returns>
    /// <exception cref="BadInputException">It is no zip, or has an entry that no honest archive has; the message names it.</exception>
    public static IReadOnlyList<string> Extract(string zip, string folder, long limit, CancellationToken cancellation)
    {
        try
        {
            CheckDirectory(zip);
            using var archive = ZipFile.OpenRead(zip);
            var files = archive.Entries.Where(entry => !entry.FullName.EndsWith('/')).ToList();
            files.ForEach(Check);
            var root = Root(files);
            var wanted = files.Where(entry => Parent(entry) == root && ModelFolder.IsModelFile(entry.Name)).ToList();
            CheckSizes(zip, wanted, limit);
            foreach (var entry in wanted)
            {
                Unpack(entry, Path.Combine(folder, entry.Name), cancellation);
            }

            return [.. files.Except(wanted).Select(entry => entry.FullName)];
        }
        catch (InvalidDataException damaged)
        {
            throw new BadInputException($"the zip is damaged: {damaged.Message}", damaged);
        }
    }

    /// <summary>True when the file starts as a zip does.</summary>
    public static bool IsZip(string path)
    {
        using var file = File.OpenRead(path);
        var start = new byte[4];
        return file.ReadAtLeast(start, 4, throwOnEndOfStream: false) == 4 && start.AsSpan().SequenceEqual("PK\u0003\u0004"u8);
    }

    private static void Check(ZipArchiveEntry entry)
    {
        var name = entry.FullName;
        if (name.Split('/').Any(part => part is "" or "." or "..") || name.Any(c => char.IsControl(c) || c is '\\' or ':'))
        {
            throw new BadInputException($"the zip has an entry '{Printable(name)}', whose name leads out of its folder");
        }

        if (((entry.ExternalAttributes >> 16) & KindMask) == SymbolicLink)
        {
            throw new BadInputException($"the zip has a link, '{Printable(name)}'; put the file itself into it");
        }

        if (entry.IsEncrypted)
        {
            throw new BadInputException($"'{Printable(name)}' in the zip is encrypted; make the zip without a password");
        }
    }

    /// <summary>The folder of config.json.</summary>
    private static string Root(List<ZipArchiveEntry> files)
    {
        var configs = files.Where(entry => entry.Name == "config.json").Select(Parent).Distinct().OrderBy(parent => parent.Length).ToList();
        return configs switch
        {
            [] => throw new BadInputException("the zip has no config.json, so it is no model folder"),
            [var only] => only,
            ["", ..] => "",
            _ => throw new BadInputException($"the zip has {configs.Count} models ({string.Join(", ", configs.Take(3).Select(Printable))}); upload one at a time"),
        };
    }

    private static void CheckSizes(string zip, List<ZipArchiveEntry> wanted, long limit)
    {
        if (wanted.Select(entry => entry.Name).GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new BadInputException($"the zip has '{twice.Key}' {twice.Count()} times");
        }

        var bytes = wanted.Sum(entry => entry.Length);
        if (bytes > limit)
        {
            throw new BadInputException(string.Create(CultureInfo.InvariantCulture, $"the zip unpacks to {bytes / 1e9:0.##} GB; up to {limit / 1e9:0.##} GB are taken"));
        }

        if (wanted.FirstOrDefault(entry => !ModelWeights.IsWeightFile(entry.Name) && entry.Length > LongestText) is { } text)
        {
            throw new BadInputException($"'{text.Name}' in the zip unpacks to {text.Length} bytes; the limit is {LongestText}");
        }

        if (bytes > MostRatio * new FileInfo(zip).Length)
        {
            throw new BadInputException($"the zip unpacks to more than {MostRatio} times its size, which no model does");
        }
    }

    private static void Unpack(ZipArchiveEntry entry, string path, CancellationToken cancellation)
    {
        using var source = entry.Open();
        using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        var buffer = new byte[1 << 17];
        int read;
        while ((read = source.Read(buffer)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            if (target.Length + read > entry.Length)
            {
                throw new BadInputException($"'{entry.Name}' in the zip unpacks to more than the {entry.Length} bytes that it announces");
            }

            target.Write(buffer, 0, read);
        }

        if (target.Length != entry.Length)
        {
            throw new BadInputException($"'{entry.Name}' in the zip ends after {target.Length} of {entry.Length} bytes");
        }

        target.Flush(flushToDisk: true);
    }

    /// <summary>Looks at the list of contents before it is read, so that one of millions of entries costs nothing.</summary>
    private static void CheckDirectory(string zip)
    {
        const int EndLength = 22, LocatorLength = 20, End64Length = 56, LongestComment = ushort.MaxValue;
        using var file = File.OpenRead(zip);
        var tail = new byte[Math.Min(file.Length, EndLength + LongestComment + LocatorLength)];
        file.Seek(-tail.Length, SeekOrigin.End);
        file.ReadExactly(tail);
        var end = tail.AsSpan().LastIndexOf("PK\u0005\u0006"u8);
        if (end < 0 || end + EndLength > tail.Length)
        {
            throw new BadInputException("the file is no zip, or its end is missing");
        }

        long entries = BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(end + 10)), start = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end + 16));
        var locator = end - LocatorLength;
        if (locator >= 0 && tail.AsSpan(locator).StartsWith("PK\u0006\u0007"u8))
        {
            var at = BinaryPrimitives.ReadInt64LittleEndian(tail.AsSpan(locator + 8));
            var end64 = new byte[End64Length];
            if (at < 0 || at > file.Length - End64Length)
            {
                throw new BadInputException("the zip's list of contents is damaged");
            }

            file.Seek(at, SeekOrigin.Begin);
            file.ReadExactly(end64);
            (entries, start) = (BinaryPrimitives.ReadInt64LittleEndian(end64.AsSpan(32)), BinaryPrimitives.ReadInt64LittleEndian(end64.AsSpan(48)));
        }

        var directory = file.Length - tail.Length + end - start;
        if (entries is < 0 or > MostEntries || directory > LongestDirectory)
        {
            throw new BadInputException($"the zip has {(entries is < 0 or > MostEntries ? $"{entries}" : "too many")} entries; a model has a few, and at most {MostEntries} are read");
        }
    }

    private static string Parent(ZipArchiveEntry entry) => entry.FullName.Length == entry.Name.Length ? "" : entry.FullName[..^(entry.Name.Length + 1)];

    private static string Printable(string name) => new([.. name.Take(100).Select(c => char.IsControl(c) ? '\uFFFD' : c)]);
}
