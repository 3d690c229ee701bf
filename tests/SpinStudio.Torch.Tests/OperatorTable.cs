using System.Reflection;

namespace SpinStudio.Torch.Tests;

/// <summary>The operators that the binding declares.</summary>
internal static class OperatorTable
{
    internal static IEnumerable<(string name, Op op)> All =>
        typeof(Ops).GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public).Select(entry => (entry.Name, (Op)entry.GetValue(null)!));
}
