using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace SpinStudio.Torch.Tests;

/// <summary>One case of oracle/operators.json: a public member, found by name and by what it is given, and the values that it must return.</summary>
internal sealed class Fixture
{
    private readonly JsonElement _case;
    private readonly MethodInfo _method;
    private readonly object?[] _arguments;

    private Fixture(int number, JsonElement element)
    {
        _case = element;
        Call = element.GetProperty("call").GetString()!;
        Name = $"{number}: {Call}";
        (_method, _arguments) = Bind();
    }

    internal static IReadOnlyList<Fixture> All { get; } = Load();

    internal string Call { get; }

    internal string Name { get; }

    internal MethodInfo Method => _method;

    internal bool IsDifferentiable => _case.TryGetProperty("grad", out _);

    internal bool IsInPlace => _method.Name.EndsWith('_');

    internal IReadOnlyList<Stored> Expected => [.. _case.GetProperty("expect").EnumerateArray().Select(Stored.Read)];

    /// <summary>The stored tensors among the arguments, in order.</summary>
    internal IReadOnlyList<Stored> Inputs => [.. _arguments.SelectMany(Tensors)];

    /// <summary>Calls the member with <paramref name="inputs"/> in place of the stored tensors.</summary>
    internal IReadOnlyList<Tensor> Invoke(IReadOnlyList<Tensor> inputs)
    {
        var next = 0;
        var given = _arguments.Select(argument => argument switch
        {
            Stored => inputs[next++],
            Stored[] list => list.Select(_ => inputs[next++]).ToArray(),
            _ => argument,
        }).ToArray();
        var result = _method.IsStatic ? _method.Invoke(null, given) : _method.Invoke(given[0], given[1..]);
        return result switch
        {
            Tensor tensor => [tensor],
            IEnumerable<Tensor> tensors => [.. tensors],
            ITuple { Length: 2 } pair => [(Tensor)pair[0]!, (Tensor)pair[1]!],
            _ => throw new InvalidOperationException($"{Name} returned {result}."),
        };
    }

    public override string ToString() => Name;

    internal static Type Owner(string call) => call switch
    {
        _ when call.StartsWith("Tensor.", StringComparison.Ordinal) => typeof(Tensor),
        _ when call.StartsWith("torch.nn.functional.", StringComparison.Ordinal) => typeof(torch.nn.functional),
        _ => typeof(torch),
    };

    private static IEnumerable<Stored> Tensors(object? argument) => argument switch
    {
        Stored one => [one],
        Stored[] many => many,
        _ => [],
    };

    private static List<Fixture> Load([CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "oracle", "operators.json");
        using var stream = File.OpenRead(path);
        return [.. JsonDocument.Parse(stream).RootElement.EnumerateArray().Select((element, i) => new Fixture(i, element))];
    }

    /// <summary>The overload that takes the arguments, and the arguments as it takes them; a tensor member's first argument is its subject.</summary>
    private (MethodInfo, object?[]) Bind()
    {
        var given = _case.GetProperty("args").EnumerateArray().ToArray();
        var named = _case.TryGetProperty("kwargs", out var kwargs) ? kwargs.EnumerateObject().ToDictionary(p => p.Name, p => p.Value) : [];
        var name = Call.Split('.')[^1];
        foreach (var method in Owner(Call).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            if (method.Name == name && !method.IsGenericMethod && TryBind(method, given, named, out var arguments))
                return (method, arguments);
        throw new InvalidOperationException($"{Name}: no public overload takes these arguments: {_case.GetProperty("args").GetRawText()}");
    }

    private static bool TryBind(MethodInfo method, JsonElement[] given, Dictionary<string, JsonElement> named, out object?[] arguments)
    {
        var parameters = method.GetParameters();
        var positional = method.IsStatic ? given : given[1..];
        var bound = method.IsStatic ? new List<object?>() : [Stored.Read(given[0])];
        arguments = [];
        if (positional.Length > parameters.Length || named.Keys.Any(key => parameters.All(p => p.Name != key)))
            return false;
        for (var i = 0; i < parameters.Length; i++)
        {
            JsonElement? value = i < positional.Length ? positional[i] : named.TryGetValue(parameters[i].Name!, out var found) ? found : null;
            if (value is null && parameters[i].HasDefaultValue)
                bound.Add(parameters[i].DefaultValue);
            else if (value is { } element && TryConvert(element, parameters[i].ParameterType, out var converted))
                bound.Add(converted);
            else
                return false;
        }
        arguments = [.. bound];
        return true;
    }

    private static bool TryConvert(JsonElement value, Type type, out object? converted)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var isReal = value.ValueKind == JsonValueKind.Number && value.GetRawText().AsSpan().ContainsAny(".eE");
        var isWhole = value.ValueKind == JsonValueKind.Number && !isReal;
        converted = value.ValueKind switch
        {
            JsonValueKind.Number when type == typeof(Scalar) => isReal ? (Scalar)value.GetDouble() : value.GetInt64(),
            JsonValueKind.Number when isWhole && type == typeof(long) => value.GetInt64(),
            JsonValueKind.Number when isReal && type == typeof(double) => value.GetDouble(),
            JsonValueKind.True or JsonValueKind.False when type == typeof(bool) => value.GetBoolean(),
            JsonValueKind.Array when type == typeof(long[]) => value.EnumerateArray().Select(e => e.GetInt64()).ToArray(),
            JsonValueKind.Object when type == typeof(Tensor) && value.TryGetProperty("data", out _) => Stored.Read(value),
            JsonValueKind.Object when type == typeof(ScalarType) && value.TryGetProperty("dtype", out var name) => Enum.Parse<ScalarType>(name.GetString()!),
            JsonValueKind.Object when typeof(IEnumerable).IsAssignableFrom(type) && value.TryGetProperty("tensors", out var list) =>
                list.EnumerateArray().Select(Stored.Read).ToArray(),
            _ => null,
        };
        return converted is not null;
    }
}

/// <summary>A tensor as the fixtures hold it.</summary>
internal sealed record Stored(ScalarType Type, long[] Shape, double[] Data)
{
    internal static Stored Read(JsonElement element) => new(
        Enum.Parse<ScalarType>(element.GetProperty("type").GetString()!),
        [.. element.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64())],
        [.. element.GetProperty("data").EnumerateArray().Select(Number)]);

    internal Tensor ToTensor(ScalarType? type = null) => torch.tensor(Data, Shape, type ?? Type);

    private static double Number(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String => double.Parse(element.GetString()!.Replace("inf", "Infinity", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture),
        _ => element.GetDouble(),
    };
}
