using System.Text.Json;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Web.Engine;

/// <summary>Who works in a run folder, as <c>lease.json</c> says.</summary>
internal static class LeaseFile
{
    /// <summary>Null when there is none, or it cannot be read.</summary>
    public static Lease? Read(string runFolder)
    {
        try
        {
            return JsonSerializer.Deserialize<Lease>(File.ReadAllText(new RunFolder(runFolder).Lease), RunJson.Line);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
