using System.Reflection;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests;

/// <summary>The studio's web process calls these parts of the engine and must never load libtorch.</summary>
public sealed class ArchitectureTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Theory]
    [InlineData("SpinStudio.Engine.Runs")]
    [InlineData("SpinStudio.Engine.Datasets")]
    [InlineData("SpinStudio.Engine.Tokenization")]
    [InlineData("SpinStudio.Engine.Hub")]
    [InlineData("SpinStudio.Engine.Export")]
    public void What_the_web_may_call_touches_no_tensor(string space)
    {
        var types = typeof(RunConfig).Assembly.GetTypes().Where(t => t.Namespace == space || t.Namespace?.StartsWith(space + ".", StringComparison.Ordinal) == true).ToList();
        Assert.True(types.Count > 3, $"{space} has only {types.Count} types; was it renamed?");
        Assert.Empty(types.SelectMany(type => TypesIn(type).Where(IsTorch).Select(torch => $"{type.FullName} uses {torch.Name}")).Distinct());
    }

    [Fact]
    public void The_check_sees_a_tensor_where_there_is_one() => Assert.Contains(TypesIn(typeof(Engine.Models.LlamaModel)), IsTorch);

    private static bool IsTorch(Type type) => type.Assembly == typeof(Tensor).Assembly;

    /// <summary>Types of fields, parameters, results and local variables.</summary>
    private static IEnumerable<Type> TypesIn(Type type) =>
    [
        .. type.GetFields(All).Select(f => f.FieldType),
        .. type.GetMethods(All).SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(m.ReturnType).Concat(Locals(m))),
        .. type.GetConstructors(All).SelectMany(c => c.GetParameters().Select(p => p.ParameterType).Concat(Locals(c))),
    ];

    private static IEnumerable<Type> Locals(MethodBase method) => method.GetMethodBody()?.LocalVariables.Select(v => v.LocalType) ?? [];
}
