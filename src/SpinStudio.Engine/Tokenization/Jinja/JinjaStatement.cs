namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>How a part of a loop's body ended.</summary>
internal enum JinjaFlow
{
    Next,
    Break,
    Continue,
}

/// <summary>A part of a template that writes or sets something.</summary>
internal abstract class JinjaStatement
{
    public abstract JinjaFlow Execute(JinjaScope scope);

    public sealed class Text(string text) : JinjaStatement
    {
        public override JinjaFlow Execute(JinjaScope scope)
        {
            scope.Run.Step();
            scope.Run.Write(text);
            return JinjaFlow.Next;
        }
    }

    public sealed class Output(JinjaExpression expression) : JinjaStatement
    {
        public override JinjaFlow Execute(JinjaScope scope)
        {
            scope.Run.Write(JinjaValue.Print(expression.Evaluate(scope)));
            return JinjaFlow.Next;
        }
    }

    public sealed class Block(IReadOnlyList<JinjaStatement> statements) : JinjaStatement
    {
        public override JinjaFlow Execute(JinjaScope scope)
        {
            foreach (var statement in statements)
            {
                if (statement.Execute(scope) is var flow and not JinjaFlow.Next)
                    return flow;
            }
            return JinjaFlow.Next;
        }
    }

    public sealed class If(IReadOnlyList<(JinjaExpression? Condition, JinjaStatement Body)> branches) : JinjaStatement
    {
        public override JinjaFlow Execute(JinjaScope scope)
        {
            foreach (var (condition, body) in branches)
            {
                if (condition is null || JinjaValue.IsTrue(condition.Evaluate(scope)))
                    return body.Execute(scope);
            }
            return JinjaFlow.Next;
        }
    }

    public sealed class For(IReadOnlyList<string> targets, JinjaExpression sequence, JinjaExpression? filter, JinjaStatement body, JinjaStatement? otherwise) : JinjaStatement
    {
        public override JinjaFlow Execute(JinjaScope scope)
        {
            var items = Items(scope);
            if (items.Count == 0)
                return otherwise?.Execute(scope) ?? JinjaFlow.Next;
            var loop = new JinjaLoop(items);
            for (; loop.Position < items.Count; loop.Position++)
            {
                scope.Run.Step();
                var inner = scope.Inner();
                inner["loop"] = loop;
                Assign(inner, items[loop.Position]);
                if (body.Execute(inner) == JinjaFlow.Break)
                    break;
            }
            return JinjaFlow.Next;
        }

        private List<object?> Items(JinjaScope scope)
        {
            List<object?> items;
            try
            {
                items = JinjaValue.Items(sequence.Evaluate(scope));
            }
            catch (JinjaFault fault)
            {
                throw JinjaError.At(sequence.Line, fault.Message);
            }
            return filter is null ? items : items.FindAll(item =>
            {
                var inner = scope.Inner();
                Assign(inner, item);
                return JinjaValue.IsTrue(filter.Evaluate(inner));
            });
        }

        private void Assign(JinjaScope scope, object? item) => JinjaStatement.Assign(scope, targets, item, sequence.Line);
    }

    public sealed class Set(IReadOnlyList<string> names, JinjaExpression value) : JinjaStatement
    {
        public override JinjaFlow Execute(JinjaScope scope)
        {
            Assign(scope, names, value.Evaluate(scope), value.Line);
            return JinjaFlow.Next;
        }
    }

    public sealed class SetAttribute(string target, string attribute, JinjaExpression value) : JinjaStatement
    {
        public override JinjaFlow Execute(JinjaScope scope)
        {
            if (scope[target] is not JinjaNamespace space)
                throw JinjaError.At(value.Line, $"'{target}' is no namespace, so its attributes cannot be set");
            space[attribute] = value.Evaluate(scope);
            return JinjaFlow.Next;
        }
    }

    public sealed class SetBlock(string name, JinjaStatement body) : JinjaStatement
    {
        public override JinjaFlow Execute(JinjaScope scope)
        {
            scope[name] = scope.Run.Capture(() => body.Execute(scope.Inner()));
            return JinjaFlow.Next;
        }
    }

    public sealed class Macro(string name, IReadOnlyList<(string Name, JinjaExpression? Default)> parameters, JinjaStatement body) : JinjaStatement
    {
        public override JinjaFlow Execute(JinjaScope scope)
        {
            scope[name] = (JinjaFunction)((arguments, named) =>
            {
                if (arguments.Count > parameters.Count)
                    throw new JinjaFault($"macro '{name}' takes {parameters.Count} arguments, not {arguments.Count}");
                var inner = scope.Inner();
                foreach (var (i, parameter) in parameters.Index())
                {
                    inner[parameter.Name] = i < arguments.Count ? arguments[i]
                        : named.TryGetValue(parameter.Name, out var value) ? value
                        : parameter.Default is { } missing ? missing.Evaluate(scope) : new JinjaUndefined(parameter.Name);
                }
                return scope.Run.Capture(() => body.Execute(inner));
            });
            return JinjaFlow.Next;
        }
    }

    public sealed class Leave(JinjaFlow flow) : JinjaStatement
    {
        public override JinjaFlow Execute(JinjaScope scope) => flow;
    }

    private static void Assign(JinjaScope scope, IReadOnlyList<string> names, object? value, int line)
    {
        if (names.Count == 1)
        {
            scope[names[0]] = value;
            return;
        }
        if (value is not List<object?> parts || parts.Count != names.Count)
            throw JinjaError.At(line, $"{names.Count} names are set from {(value is List<object?> list ? $"{list.Count} values" : JinjaValue.TypeName(value))}");
        foreach (var (name, part) in names.Zip(parts))
            scope[name] = part;
    }
}
