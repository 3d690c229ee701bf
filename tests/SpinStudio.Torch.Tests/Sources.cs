using System.Runtime.CompilerServices;

namespace SpinStudio.Torch.Tests;

/// <summary>Where the sources lie that this test run was built from.</summary>
internal static class Sources
{
    internal static string Tests { get; } = Here();

    internal static string Native { get; } = Path.GetFullPath(Path.Combine(Tests, "../../src/SpinStudio.Torch/native"));

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
