using System.Text.Json;
using SpinStudio.Engine.Tokenization;
using Xunit;

namespace SpinStudio.Engine.Tests.Tokenization;

public sealed class ChatTemplateTests
{
    private static readonly TokenizerSettings Tokens = new("<s>", "</s>");
    private static readonly ChatMessage[] Hello = [new("user", "Hello?")];

    [Fact]
    public void Renderings_equal_those_of_Python()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenTokenizer.Folder, "templates.golden.json")));
        var differences = Differences(golden.RootElement, out var compared);
        Assert.True(differences.Count == 0, string.Join("\n\n", differences.Take(20)));
        Assert.True(compared > 200);
    }

    /// <summary>Compares with what <c>make-template-golden.py</c> wrote. An error there must be one here.</summary>
    internal static List<string> Differences(JsonElement golden, out int compared)
    {
        var differences = new List<string>();
        compared = 0;
        foreach (var one in golden.GetProperty("cases").EnumerateArray())
        {
            var tokens = one.GetProperty("tokens");
            var template = new ChatTemplate(one.GetProperty("template").GetString()!, new TokenizerSettings(Token("bos_token"), Token("eos_token"), Token("pad_token")));
            var expected = one.GetProperty("expected").EnumerateArray().ToList();
            foreach (var (i, conversation) in golden.GetProperty("conversations").EnumerateArray().Index())
            {
                var messages = conversation.EnumerateArray().Select(m => new ChatMessage(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!)).ToList();
                foreach (var generate in (bool[])[false, true])
                {
                    var wanted = expected[(2 * i) + (generate ? 1 : 0)];
                    var got = Render(template, messages, generate);
                    if (got != (wanted.ValueKind == JsonValueKind.String ? wanted.GetString() : null))
                        differences.Add($"{template.Source}\nconversation {i}\nexpected {wanted}\ngot {got}");
                    compared++;
                }
            }

            string? Token(string name) => tokens.TryGetProperty(name, out var token) ? token.GetString() : null;
        }
        return differences;
    }

    [Theory]
    [InlineData("{% include 'x' %}", "line 1: tag 'include' is not supported")]
    [InlineData("a\n{{ x | xmlattr }}", "line 2: filter 'xmlattr' is not supported")]
    [InlineData("a\n\n{{ x is sameas y }}", "line 3: test 'sameas' is not supported")]
    [InlineData("{{ x.format(1) }}", "method .format() is not supported")]
    [InlineData("{{ x.__class__.__mro__() }}", "method .__mro__() is not supported")]
    [InlineData("{% for a in b recursive %}{% endfor %}", "recursive loops are not supported")]
    [InlineData("{{ loop.cycle('a', 'b') }}", "method .cycle() is not supported")]
    [InlineData("{{ loop.depth }}", "loop.depth is not supported")]
    [InlineData("{{ cycler('a') }}", "function cycler() is not supported")]
    [InlineData("{{ x | map('shout') }}", "filter 'shout' in map is not supported")]
    [InlineData("{{ x | selectattr('a', 'sameas', 1) }}", "test 'sameas' in selectattr is not supported")]
    [InlineData("{% break %}", "tag 'break' is not supported here")]
    [InlineData("{% if x %}", "the template ends too early")]
    [InlineData("{% for x in y %}{% endif %}", "tag 'endif' is not supported here")]
    [InlineData("{{ 1 +", "{{ is not closed")]
    [InlineData("{{ 'abc }}", "string is not closed")]
    [InlineData("{# abc", "comment {# is not closed")]
    [InlineData("{{ a b }}", "'b' is not expected here")]
    [InlineData("{{ a ! }}", "character '!' is not understood")]
    [InlineData("{{ '\\d' }}", "escape \\d is not supported")]
    [InlineData("{{ f(a=1, a=2) }}", "argument 'a' is given twice")]
    public void What_is_not_supported_fails_when_the_template_is_read(string source, string expected) =>
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => new ChatTemplate(source, Tokens)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("x\n{{ missing.part }}", "line 2: 'missing' is undefined, so it has no 'part'")]
    [InlineData("{{ raise_exception('odd roles') }}", "refuses this conversation: odd roles")]
    [InlineData("{{ strftime_now('%Q') }}", "strftime_now() does not know %Q")]
    [InlineData("{{ [1, 'a'] | sort }}", "cannot be compared")]
    [InlineData("{{ 'a' * 99999999999 }}", "grows beyond")]
    [InlineData("{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "grows beyond")]
    [InlineData("{% set x = 'a' * 99999 %}{{ x.replace('a', x) }}", "grows beyond")]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "takes more than")]
    [InlineData("{{ range(99999999999) }}", "range() is longer than")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "macros call each other")]
    [InlineData("{% for i in range(99999) %}{{ 'x' * 99999 }}{% endfor %}", "writes more than")]
    [InlineData("{{ 1 // 0 }}", "division by zero")]
    [InlineData("{{ 1 in 2 }}", "has no items")]
    [InlineData("{{ messages[0]() }}", "this is not a function")]
    public void What_fails_while_rendering_is_named(string source, string expected) =>
        Assert.Contains(expected, Assert.Throws<BadInputException>(() => new ChatTemplate(source, Tokens).Render(Hello, true)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("{'a':", "}")]
    [InlineData("1 if x else ", "")]
    public void Deep_nesting_does_not_overflow_the_stack(string open, string close)
    {
        var source = "{{ " + string.Concat(Enumerable.Repeat(open, 1_000_000)) + "1" + string.Concat(Enumerable.Repeat(close, 1_000_000)) + " }}";
        Assert.Contains("nested too deep", Assert.Throws<BadInputException>(() => new ChatTemplate(source, Tokens)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+1")]
    [InlineData("|string")]
    [InlineData("[0]")]
    public void Long_chains_do_not_overflow_the_stack(string link)
    {
        var template = new ChatTemplate("{{ 1" + string.Concat(Enumerable.Repeat(link, 200_000)) + " }}", Tokens);
        Assert.Contains("nested too deep", Assert.Throws<BadInputException>(() => template.Render(Hello, true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nested_blocks_do_not_overflow_the_stack() =>
        Assert.Throws<BadInputException>(() => new ChatTemplate(string.Concat(Enumerable.Repeat("{% if true %}", 100_000)), Tokens));

    [Fact]
    public void The_date_comes_from_the_given_clock()
    {
        var clock = new StoppedClock(new DateTimeOffset(2026, 3, 7, 9, 5, 4, TimeSpan.Zero));
        const string Format = "%Y-%m-%d %y %B %b %A %a %j %H:%M:%S %I %p %e|%-d %-m %-H %F %T %R 100%%";
        Assert.Equal("2026-03-07 26 March Mar Saturday Sat 066 09:05:04 09 AM  7|7 3 9 2026-03-07 09:05:04 09:05 100%",
            new ChatTemplate($"{{{{ strftime_now('{Format}') }}}}", Tokens, clock).Render(Hello, true));
    }

    private static string? Render(ChatTemplate template, List<ChatMessage> messages, bool generate)
    {
        try
        {
            return template.Render(messages, generate);
        }
        catch (BadInputException)
        {
            return null;
        }
    }
}
