namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>What may stand after <c>is</c>.</summary>
internal static class JinjaTests
{
    public static IReadOnlyDictionary<string, Func<object?, IReadOnlyList<object?>, bool>> All { get; } = new Dictionary<string, Func<object?, IReadOnlyList<object?>, bool>>(StringComparer.Ordinal)
    {
        ["defined"] = (value, _) => value is not JinjaUndefined,
        ["undefined"] = (value, _) => value is JinjaUndefined,
        ["none"] = (value, _) => value is null,
        ["string"] = (value, _) => value is string,
        ["number"] = (value, _) => value is long or double or bool,
        ["integer"] = (value, _) => value is long,
        ["float"] = (value, _) => value is double,
        ["boolean"] = (value, _) => value is bool,
        ["true"] = (value, _) => value is true,
        ["false"] = (value, _) => value is false,
        ["mapping"] = (value, _) => value is Dictionary<string, object?>,
        ["sequence"] = (value, _) => value is string or List<object?> or Dictionary<string, object?>,
        ["iterable"] = (value, _) => value is string or List<object?> or Dictionary<string, object?>,
        ["callable"] = (value, _) => value is JinjaFunction,
        ["even"] = (value, _) => JinjaValue.Whole(value, "the value of test even") % 2 == 0,
        ["odd"] = (value, _) => JinjaValue.Whole(value, "the value of test odd") % 2 != 0,
        ["divisibleby"] = (value, arguments) => JinjaValue.Arithmetic("%", value, Argument(arguments, "divisibleby")) is 0L,
        ["eq"] = (value, arguments) => JinjaValue.AreEqual(value, Argument(arguments, "eq")),
        ["equalto"] = (value, arguments) => JinjaValue.AreEqual(value, Argument(arguments, "equalto")),
        ["ne"] = (value, arguments) => !JinjaValue.AreEqual(value, Argument(arguments, "ne")),
        ["in"] = (value, arguments) => JinjaValue.Contains(Argument(arguments, "in"), value),
    };

    private static object? Argument(IReadOnlyList<object?> arguments, string test) =>
        arguments.Count == 1 ? arguments[0] : throw new JinjaFault($"test {test} takes one argument");
}
