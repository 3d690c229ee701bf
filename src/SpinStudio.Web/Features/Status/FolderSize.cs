namespace SpinStudio.Web.Features.Status;

/// <summary>What a folder takes on disk.</summary>
internal static class FolderSize
{
    /// <summary>A file may go away while it is being looked at.</summary>
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };

    /// <summary>Bytes of all files below; 0 when there is no such folder.</summary>
    public static long Of(string folder) =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", Everything).Sum(file => file.Exists ? file.Length : 0) : 0;
}
