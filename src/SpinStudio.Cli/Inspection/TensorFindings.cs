using SpinStudio.Cli.Output;
using SpinStudio.Engine.Models;

namespace SpinStudio.Cli.Inspection;

/// <summary>A safetensors file: its tensors with dtype and shape.</summary>
internal static class TensorFindings
{
    public static Findings Of(string path)
    {
        using var file = SafetensorsFile.Open(path);
        var tensors = file.Tensors;
        return new Findings("tensors", Path.GetFullPath(path))
        {
            Figures =
            [
                ("tensors", tensors.Count),
                ("numbers", tensors.Sum(tensor => tensor.Count)),
                ("bytes", tensors.Sum(tensor => tensor.Bytes)),
                .. file.Metadata.Select(entry => ("metadata." + entry.Key, (object)entry.Value)),
            ],
            Table = TextTable.Render(["tensor", "dtype", "shape"], tensors.Select(tensor => (string[])[tensor.Name, tensor.Dtype, $"[{string.Join(", ", tensor.Shape)}]"])),
            Parts = [("entries", tensors.Select(tensor => new { tensor.Name, tensor.Dtype, tensor.Shape }).ToList())],
        };
    }
}
