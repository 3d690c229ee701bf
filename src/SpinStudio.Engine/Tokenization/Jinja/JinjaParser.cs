using System.Globalization;
using System.Runtime.CompilerServices;

namespace SpinStudio.Engine.Tokenization.Jinja;

/// <summary>Reads a template. Whatever is outside the supported part of Jinja is refused here, with its line, so that no template renders approximately.</summary>
internal sealed class JinjaParser
{
    private readonly List<JinjaToken> _tokens;
    private int _at;
    private int _loops;

    private JinjaParser(List<JinjaToken> tokens) => _tokens = tokens;

    private JinjaToken Current => _tokens[_at];

    /// <exception cref="BadInputException">The template is malformed or uses something that is not supported.</exception>
    public static JinjaStatement Parse(string source)
    {
        var parser = new JinjaParser(JinjaLexer.Read(source));
        try
        {
            var body = parser.Body();
            return parser.Current.Kind == JinjaTokenKind.End ? body : throw parser.Unexpected();
        }
        catch (InsufficientExecutionStackException)
        {
            throw JinjaError.At(parser.Current.Line, "nested too deep");
        }
    }

    // ---- statements

    /// <summary>Everything up to a tag that is none of a statement's beginnings, such as <c>endif</c>, or the end.</summary>
    private JinjaStatement.Block Body(params ReadOnlySpan<string> ends)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var statements = new List<JinjaStatement>();
        while (Current.Kind != JinjaTokenKind.End)
        {
            switch (Current.Kind)
            {
                case JinjaTokenKind.Text:
                    statements.Add(new JinjaStatement.Text(Next().Text));
                    break;
                case JinjaTokenKind.OpenOutput:
                    Next();
                    statements.Add(new JinjaStatement.Output(Tuple()));
                    Expect(JinjaTokenKind.CloseOutput);
                    break;
                default:
                    if (ends.Contains(_tokens[_at + 1].Text))
                        return new JinjaStatement.Block(statements);
                    statements.Add(Tag());
                    break;
            }
        }
        return new JinjaStatement.Block(statements);
    }

    private JinjaStatement Tag()
    {
        Expect(JinjaTokenKind.OpenTag);
        var name = Expect(JinjaTokenKind.Name);
        switch (name.Text)
        {
            case "if":
                return If();
            case "for":
                return For();
            case "set":
                return Set();
            case "macro":
                return Macro();
            case "generation":
                // Marks what the model writes; renders as what is in it.
                CloseTag();
                return End(Body("endgeneration"), "endgeneration");
            case "break" or "continue" when _loops > 0:
                CloseTag();
                return new JinjaStatement.Leave(name.Text == "break" ? JinjaFlow.Break : JinjaFlow.Continue);
            default:
                throw JinjaError.At(name.Line, $"tag '{name.Text}' is not supported here; if, for, set, macro, generation, break and continue are");
        }
    }

    private JinjaStatement.If If()
    {
        var branches = new List<(JinjaExpression?, JinjaStatement)>();
        JinjaExpression? condition = Expression();
        while (true)
        {
            CloseTag();
            branches.Add((condition, condition is null ? Body("endif") : Body("elif", "else", "endif")));
            Expect(JinjaTokenKind.OpenTag);
            var next = Expect(JinjaTokenKind.Name);
            if (next.Text == "endif")
            {
                CloseTag();
                return new JinjaStatement.If(branches);
            }
            condition = next.Text == "elif" ? Expression() : null;
        }
    }

    private JinjaStatement.For For()
    {
        var targets = Targets();
        ExpectName("in");
        var sequence = Or();
        var filter = SkipName("if") ? Or() : null;
        if (Current is { Kind: JinjaTokenKind.Name, Text: "recursive" })
            throw JinjaError.At(Current.Line, "recursive loops are not supported");
        CloseTag();
        _loops++;
        var body = Body("else", "endfor");
        _loops--;
        JinjaStatement? otherwise = null;
        if (Current.Kind == JinjaTokenKind.OpenTag && _tokens[_at + 1].Text == "else")
        {
            Next();
            Next();
            CloseTag();
            otherwise = Body("endfor");
        }
        return End(new JinjaStatement.For(targets, sequence, filter, body, otherwise), "endfor");
    }

    private JinjaStatement Set()
    {
        var first = Expect(JinjaTokenKind.Name).Text;
        if (SkipOperator("."))
        {
            var attribute = Expect(JinjaTokenKind.Name).Text;
            ExpectOperator("=");
            return Closed(new JinjaStatement.SetAttribute(first, attribute, Tuple()));
        }
        List<string> names = [first];
        while (SkipOperator(","))
            names.Add(Expect(JinjaTokenKind.Name).Text);
        if (names.Count == 1 && Current.Kind == JinjaTokenKind.CloseTag)
        {
            CloseTag();
            return End(new JinjaStatement.SetBlock(first, Body("endset")), "endset");
        }
        ExpectOperator("=");
        return Closed(new JinjaStatement.Set(names, Tuple()));
    }

    private JinjaStatement.Macro Macro()
    {
        var name = Expect(JinjaTokenKind.Name).Text;
        var parameters = new List<(string, JinjaExpression?)>();
        ExpectOperator("(");
        while (!SkipOperator(")"))
        {
            var parameter = Expect(JinjaTokenKind.Name).Text;
            parameters.Add((parameter, SkipOperator("=") ? Expression() : null));
            if (!IsOperator(")"))
                ExpectOperator(",");
        }
        CloseTag();
        var loops = _loops;
        _loops = 0;
        var body = Body("endmacro");
        _loops = loops;
        return End(new JinjaStatement.Macro(name, parameters, body), "endmacro");
    }

    private List<string> Targets()
    {
        var parenthesized = SkipOperator("(");
        List<string> targets = [Expect(JinjaTokenKind.Name).Text];
        while (SkipOperator(","))
            targets.Add(Expect(JinjaTokenKind.Name).Text);
        if (parenthesized)
            ExpectOperator(")");
        return targets;
    }

    private T Closed<T>(T statement)
    {
        CloseTag();
        return statement;
    }

    private T End<T>(T statement, string name)
    {
        if (Current.Kind == JinjaTokenKind.End)
            throw JinjaError.At(Current.Line, $"tag '{name}' is missing");
        Expect(JinjaTokenKind.OpenTag);
        ExpectName(name);
        CloseTag();
        return statement;
    }

    // ---- expressions, from the loosest binding to the tightest

    private JinjaExpression Tuple()
    {
        var first = Expression();
        if (!IsOperator(","))
            return first;
        List<JinjaExpression> items = [first];
        while (SkipOperator(",") && Current.Kind is not (JinjaTokenKind.CloseTag or JinjaTokenKind.CloseOutput) && !IsOperator(")"))
            items.Add(Expression());
        return new JinjaExpression.ListOf(first.Line, items);
    }

    private JinjaExpression Expression()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var then = Or();
        while (SkipName("if"))
        {
            var condition = Or();
            then = new JinjaExpression.Conditional(then.Line, condition, then, SkipName("else") ? Expression() : null);
        }
        return then;
    }

    private JinjaExpression Or()
    {
        var left = And();
        while (SkipName("or"))
            left = new JinjaExpression.Binary(left.Line, "or", left, And());
        return left;
    }

    private JinjaExpression And()
    {
        var left = Not();
        while (SkipName("and"))
            left = new JinjaExpression.Binary(left.Line, "and", left, Not());
        return left;
    }

    private JinjaExpression Not()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var line = Current.Line;
        return SkipName("not") ? new JinjaExpression.Unary(line, "not", Not()) : Comparison();
    }

    private JinjaExpression Comparison()
    {
        var first = Chain(0);
        var rest = new List<(string, JinjaExpression)>();
        while (true)
        {
            if (Current is { Kind: JinjaTokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" })
                rest.Add((Next().Text, Chain(0)));
            else if (SkipName("in"))
                rest.Add(("in", Chain(0)));
            else if (Current is { Kind: JinjaTokenKind.Name, Text: "not" } && _tokens[_at + 1] is { Kind: JinjaTokenKind.Name, Text: "in" })
            {
                Next();
                Next();
                rest.Add(("not in", Chain(0)));
            }
            else
                return rest.Count == 0 ? first : new JinjaExpression.Comparison(first.Line, first, rest);
        }
    }

    /// <summary>Operators that associate to the left, by how tightly they bind.</summary>
    private static readonly string[][] Chains = [["+", "-"], ["~"], ["*", "/", "//", "%"]];

    private JinjaExpression Chain(int level)
    {
        if (level == Chains.Length)
            return Unary();
        var left = Chain(level + 1);
        while (Current.Kind == JinjaTokenKind.Operator && Chains[level].Contains(Current.Text))
        {
            var op = Next().Text;
            left = new JinjaExpression.Binary(left.Line, op, left, Chain(level + 1));
        }
        return left;
    }

    private JinjaExpression Unary()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (Current is { Kind: JinjaTokenKind.Operator, Text: "-" or "+" })
        {
            var sign = Next();
            return FiltersAndTests(new JinjaExpression.Unary(sign.Line, sign.Text, Postfix(Primary())));
        }
        return FiltersAndTests(Postfix(Primary()));
    }

    private JinjaExpression FiltersAndTests(JinjaExpression target)
    {
        while (true)
        {
            var line = Current.Line;
            if (SkipOperator("|"))
            {
                var name = Expect(JinjaTokenKind.Name);
                if (!JinjaFilters.All.ContainsKey(name.Text))
                    throw JinjaError.At(name.Line, $"filter '{name.Text}' is not supported; known are {string.Join(", ", JinjaFilters.All.Keys)}");
                var arguments = IsOperator("(") ? Arguments() : JinjaArguments.None;
                CheckInner(name, arguments);
                target = new JinjaExpression.Filter(line, target, name.Text, arguments);
            }
            else if (SkipName("is"))
                target = Test(line, target);
            else if (IsOperator(".") || IsOperator("[") || IsOperator("("))
                target = Postfix(target);
            else
                return target;
        }
    }

    /// <summary>Filters that take the name of another filter or of a test.</summary>
    private static void CheckInner(JinjaToken filter, JinjaArguments arguments)
    {
        var place = filter.Text is "map" or "select" or "reject" ? 0 : filter.Text is "selectattr" or "rejectattr" ? 1 : int.MaxValue;
        if (arguments.ByPosition.ElementAtOrDefault(place) is not JinjaExpression.Constant { Content: string inner })
            return;
        if (filter.Text == "map" ? !JinjaFilters.All.ContainsKey(inner) : inner != "==" && !JinjaTests.All.ContainsKey(inner))
            throw JinjaError.At(filter.Line, $"{(filter.Text == "map" ? "filter" : "test")} '{inner}' in {filter.Text} is not supported");
    }

    private JinjaExpression.Test Test(int line, JinjaExpression target)
    {
        var negated = SkipName("not");
        var name = Expect(JinjaTokenKind.Name);
        if (!JinjaTests.All.ContainsKey(name.Text))
            throw JinjaError.At(name.Line, $"test '{name.Text}' is not supported; known are {string.Join(", ", JinjaTests.All.Keys)}");
        if (IsOperator("("))
            return new JinjaExpression.Test(line, target, name.Text, Arguments(), negated);
        // A single argument may stand without parentheses: x is divisibleby 3.
        var takesOne = name.Text is "divisibleby" or "eq" or "equalto" or "ne" or "in";
        return new JinjaExpression.Test(line, target, name.Text, takesOne ? new JinjaArguments([Postfix(Primary())], []) : JinjaArguments.None, negated);
    }

    private JinjaExpression Postfix(JinjaExpression target)
    {
        while (true)
        {
            var line = Current.Line;
            if (SkipOperator("."))
            {
                var name = Current.Kind == JinjaTokenKind.Integer ? throw Unexpected() : Expect(JinjaTokenKind.Name).Text;
                if (IsOperator("(") && !JinjaMethods.Names.Contains(name))
                    throw JinjaError.At(line, $"method .{name}() is not supported; known are {string.Join(", ", JinjaMethods.Names)}");
                if (target is JinjaExpression.Variable { Name: "loop" } && !JinjaLoop.Names.Contains(name))
                    throw JinjaError.At(line, $"loop.{name} is not supported; known are {string.Join(", ", JinjaLoop.Names)}");
                target = new JinjaExpression.AttributeOf(line, target, name);
            }
            else if (IsOperator("["))
                target = Subscript(target);
            else if (IsOperator("("))
                target = new JinjaExpression.Call(line, target, Arguments());
            else
                return target;
        }
    }

    private JinjaExpression Subscript(JinjaExpression target)
    {
        var line = Next().Line;
        var from = IsOperator(":") ? null : Expression();
        if (SkipOperator("]"))
            return new JinjaExpression.ItemOf(line, target, from!);
        ExpectOperator(":");
        var to = IsOperator(":") || IsOperator("]") ? null : Expression();
        var step = SkipOperator(":") && !IsOperator("]") ? Expression() : null;
        ExpectOperator("]");
        return new JinjaExpression.SliceOf(line, target, from, to, step);
    }

    private JinjaArguments Arguments()
    {
        ExpectOperator("(");
        var byPosition = new List<JinjaExpression>();
        var byName = new List<(string Name, JinjaExpression Value)>();
        while (!SkipOperator(")"))
        {
            if (Current.Kind == JinjaTokenKind.Name && _tokens[_at + 1] is { Kind: JinjaTokenKind.Operator, Text: "=" })
            {
                var name = Next().Text;
                Next();
                if (byName.Exists(one => one.Name == name))
                    throw JinjaError.At(Current.Line, $"argument '{name}' is given twice");
                byName.Add((name, Expression()));
            }
            else
                byPosition.Add(Expression());
            if (!IsOperator(")"))
                ExpectOperator(",");
        }
        return new JinjaArguments(byPosition, byName);
    }

    private JinjaExpression Primary()
    {
        var token = Next();
        switch (token)
        {
            case { Kind: JinjaTokenKind.String }:
                var text = token.Text;
                while (Current.Kind == JinjaTokenKind.String)
                    text += Next().Text;
                return new JinjaExpression.Constant(token.Line, text);
            case { Kind: JinjaTokenKind.Integer } when long.TryParse(token.Text.Replace("_", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var whole):
                return new JinjaExpression.Constant(token.Line, whole);
            case { Kind: JinjaTokenKind.Float }:
                return new JinjaExpression.Constant(token.Line, double.Parse(token.Text.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture));
            case { Kind: JinjaTokenKind.Name, Text: "true" or "True" }:
                return new JinjaExpression.Constant(token.Line, true);
            case { Kind: JinjaTokenKind.Name, Text: "false" or "False" }:
                return new JinjaExpression.Constant(token.Line, false);
            case { Kind: JinjaTokenKind.Name, Text: "none" or "None" }:
                return new JinjaExpression.Constant(token.Line, null);
            case { Kind: JinjaTokenKind.Name, Text: "cycler" or "joiner" or "lipsum" } when IsOperator("("):
                throw JinjaError.At(token.Line, $"function {token.Text}() is not supported; namespace, dict, range, raise_exception and strftime_now are");
            case { Kind: JinjaTokenKind.Name }:
                return new JinjaExpression.Variable(token.Line, token.Text);
            case { Kind: JinjaTokenKind.Operator, Text: "(" }:
                if (SkipOperator(")"))
                    return new JinjaExpression.ListOf(token.Line, []);
                var inner = Tuple();
                ExpectOperator(")");
                return inner;
            case { Kind: JinjaTokenKind.Operator, Text: "[" }:
                return new JinjaExpression.ListOf(token.Line, Until("]", Expression));
            case { Kind: JinjaTokenKind.Operator, Text: "{" }:
                return new JinjaExpression.MapOf(token.Line, Until("}", () =>
                {
                    var key = Expression();
                    ExpectOperator(":");
                    return (key, Expression());
                }));
            default:
                _at--;
                throw Unexpected();
        }
    }

    private List<T> Until<T>(string close, Func<T> item)
    {
        var items = new List<T>();
        while (!SkipOperator(close))
        {
            items.Add(item());
            if (!IsOperator(close))
                ExpectOperator(",");
        }
        return items;
    }

    // ---- tokens

    private JinjaToken Next() => Current.Kind == JinjaTokenKind.End ? throw Unexpected() : _tokens[_at++];

    private bool IsOperator(string op) => Current.Kind == JinjaTokenKind.Operator && Current.Text == op;

    private bool SkipOperator(string op) => Skip(JinjaTokenKind.Operator, op);

    private bool SkipName(string name) => Skip(JinjaTokenKind.Name, name);

    private bool Skip(JinjaTokenKind kind, string text)
    {
        if (Current.Kind != kind || Current.Text != text)
            return false;
        _at++;
        return true;
    }

    private void ExpectOperator(string op)
    {
        if (!SkipOperator(op))
            throw Unexpected($"; expected '{op}'");
    }

    private void ExpectName(string name)
    {
        if (!SkipName(name))
            throw Unexpected($"; expected '{name}'");
    }

    private JinjaToken Expect(JinjaTokenKind kind) => Current.Kind == kind ? Next() : throw Unexpected();

    private void CloseTag() => Expect(JinjaTokenKind.CloseTag);

    private BadInputException Unexpected(string expected = "") =>
        JinjaError.At(Current.Line, Current.Kind == JinjaTokenKind.End ? $"the template ends too early{expected}" : $"'{Current.Text}' is not expected here{expected}");
}
