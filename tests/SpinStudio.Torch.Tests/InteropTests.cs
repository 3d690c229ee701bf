using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Xunit;

namespace SpinStudio.Torch.Tests;

public sealed partial class InteropTests
{
    private static readonly HashSet<string> s_declared =
        [.. typeof(Interop).GetMethods(BindingFlags.Static | BindingFlags.NonPublic).Select(method => method.Name).Where(name => name.StartsWith("spin_", StringComparison.Ordinal))];

    [Fact]
    public void Every_native_export_has_a_managed_declaration()
    {
        var exported = Directory.EnumerateFiles(Sources.Native, "*.cpp").SelectMany(path => Export().Matches(File.ReadAllText(path))).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(exported);
        Assert.Empty(exported.Except(s_declared));
    }

    [Fact]
    public void Every_managed_declaration_has_a_native_export()
    {
        var library = NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "libspinstudio_torch.so"));
        Assert.DoesNotContain(s_declared, name => !NativeLibrary.TryGetExport(library, name, out _));
    }

    [Fact]
    public void An_argument_has_the_size_that_the_native_side_expects() => Assert.Equal(16, Marshal.SizeOf<NativeArgument>());

    [GeneratedRegex(@"SPIN_EXPORT \w+ (spin_\w+)\(")]
    private static partial Regex Export();
}
