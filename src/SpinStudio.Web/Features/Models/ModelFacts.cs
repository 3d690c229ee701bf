using SpinStudio.Engine;
using SpinStudio.Engine.Models;

namespace SpinStudio.Web.Features.Models;

/// <summary>What a list shows of a model folder.</summary>
internal static class ModelFacts
{
    /// <summary>Architecture, parameters, and bytes of all files. A folder that cannot be read counts as unknown; using it will say why.</summary>
    public static (string Architecture, long Parameters, long Bytes) Read(string folder)
    {
        var bytes = Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) : 0;
        try
        {
            var model = ModelFolder.Open(folder);
            return (model.Config.Architecture, model.ParameterCount, bytes);
        }
        catch (BadInputException)
        {
            return ("unknown", 0, bytes);
        }
    }
}
