using System.Runtime.CompilerServices;

namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>A part of a template that has a value.</summary>
internal abstract class JinjaExpression(int line)
{
    public int Line { get; } = line;

    public object? Evaluate(JinjaScope scope)
    {
        scope.Run.Step();
        RuntimeHelpers.EnsureSufficientExecutionStack();
        try
        {
            return Value(scope);
        }
        catch (JinjaFault fault)
        {
            throw JinjaError.At(Line, fault.Message);
        }
    }

    protected abstract object? Value(JinjaScope scope);

    public sealed class Constant(int line, object? value) : JinjaExpression(line)
    {
        public object? Content { get; } = value;

        protected override object? Value(JinjaScope scope) => Content;
    }

    public sealed class Variable(int line, string name) : JinjaExpression(line)
    {
        public string Name { get; } = name;

        protected override object? Value(JinjaScope scope) => scope[Name];
    }

    public sealed class ListOf(int line, IReadOnlyList<JinjaExpression> items) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope) => items.Select(item => item.Evaluate(scope)).ToList();
    }

    public sealed class MapOf(int line, IReadOnlyList<(JinjaExpression Key, JinjaExpression Value)> entries) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope)
        {
            var map = new Dictionary<string, object?>(StringComparer.Ordinal);
            foreach (var (key, value) in entries)
                map[JinjaValue.Text(key.Evaluate(scope), "a mapping's key")] = value.Evaluate(scope);
            return map;
        }
    }

    public sealed class Unary(int line, string op, JinjaExpression operand) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope) => op == "not"
            ? !JinjaValue.IsTrue(operand.Evaluate(scope))
            : op == "-" ? JinjaValue.Arithmetic("-", 0L, operand.Evaluate(scope)) : JinjaValue.Arithmetic("+", 0L, operand.Evaluate(scope));
    }

    public sealed class Binary(int line, string op, JinjaExpression left, JinjaExpression right) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope)
        {
            var a = left.Evaluate(scope);
            return op switch
            {
                "and" => JinjaValue.IsTrue(a) ? right.Evaluate(scope) : a,
                "or" => JinjaValue.IsTrue(a) ? a : right.Evaluate(scope),
                _ => JinjaValue.Arithmetic(op, a, right.Evaluate(scope)),
            };
        }
    }

    /// <summary>Chained as in Python: <c>a &lt; b &lt; c</c>.</summary>
    public sealed class Comparison(int line, JinjaExpression first, IReadOnlyList<(string Op, JinjaExpression Operand)> rest) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope)
        {
            var left = first.Evaluate(scope);
            foreach (var (op, operand) in rest)
            {
                var right = operand.Evaluate(scope);
                var holds = op switch
                {
                    "==" => JinjaValue.AreEqual(left, right),
                    "!=" => !JinjaValue.AreEqual(left, right),
                    "in" => JinjaValue.Contains(right, left),
                    "not in" => !JinjaValue.Contains(right, left),
                    "<" => JinjaValue.Compare(left, right) < 0,
                    "<=" => JinjaValue.Compare(left, right) <= 0,
                    ">" => JinjaValue.Compare(left, right) > 0,
                    _ => JinjaValue.Compare(left, right) >= 0,
                };
                if (!holds)
                    return false;
                left = right;
            }
            return true;
        }
    }

    public sealed class Conditional(int line, JinjaExpression condition, JinjaExpression then, JinjaExpression? otherwise) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope) =>
            JinjaValue.IsTrue(condition.Evaluate(scope)) ? then.Evaluate(scope) : otherwise is null ? new JinjaUndefined("else") : otherwise.Evaluate(scope);
    }

    public sealed class AttributeOf(int line, JinjaExpression target, string name) : JinjaExpression(line)
    {
        public JinjaExpression Target { get; } = target;

        public string Name { get; } = name;

        protected override object? Value(JinjaScope scope) => JinjaValue.Attribute(Target.Evaluate(scope), Name);
    }

    public sealed class ItemOf(int line, JinjaExpression target, JinjaExpression index) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope) => JinjaValue.Item(target.Evaluate(scope), index.Evaluate(scope));
    }

    public sealed class SliceOf(int line, JinjaExpression target, JinjaExpression? from, JinjaExpression? to, JinjaExpression? step) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope) => JinjaValue.Slice(target.Evaluate(scope), Bound(from, scope), Bound(to, scope), Bound(step, scope) ?? 1);

        private static long? Bound(JinjaExpression? bound, JinjaScope scope) => bound?.Evaluate(scope) is { } value ? JinjaValue.Whole(value, "a slice's bound") : null;
    }

    public sealed class Call(int line, JinjaExpression function, JinjaArguments arguments) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope)
        {
            if (function is AttributeOf method)
                return JinjaMethods.Call(method.Target.Evaluate(scope), method.Name, arguments.Positional(scope), arguments.Named(scope));
            return function.Evaluate(scope) is JinjaFunction callable
                ? callable(arguments.Positional(scope), arguments.Named(scope))
                : throw new JinjaFault(function is Variable variable ? $"'{variable.Name}' is not a function" : "this is not a function");
        }
    }

    public sealed class Filter(int line, JinjaExpression target, string name, JinjaArguments arguments) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope) => JinjaFilters.All[name](target.Evaluate(scope), arguments.Positional(scope), arguments.Named(scope));
    }

    public sealed class Test(int line, JinjaExpression target, string name, JinjaArguments arguments, bool negated) : JinjaExpression(line)
    {
        protected override object? Value(JinjaScope scope) => JinjaTests.All[name](target.Evaluate(scope), arguments.Positional(scope)) != negated;
    }
}

/// <summary>Arguments as written at a call.</summary>
internal sealed record JinjaArguments(IReadOnlyList<JinjaExpression> ByPosition, IReadOnlyList<(string Name, JinjaExpression Value)> ByName)
{
    public static readonly JinjaArguments None = new([], []);

    public List<object?> Positional(JinjaScope scope) => [.. ByPosition.Select(one => one.Evaluate(scope))];

    public Dictionary<string, object?> Named(JinjaScope scope) => ByName.ToDictionary(one => one.Name, one => one.Value.Evaluate(scope), StringComparer.Ordinal);
}
