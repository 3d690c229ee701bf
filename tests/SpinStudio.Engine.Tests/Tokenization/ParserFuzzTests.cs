using System.Text;
using System.Text.Json.Nodes;
using SpinStudio.Engine.Tokenization;
using Xunit;

namespace SpinStudio.Engine.Tests.Tokenization;

/// <summary>Files from strangers end in one clear error, whatever is wrong with them: damaged at random, with a seed, so that a failure comes again.</summary>
public sealed class ParserFuzzTests
{
    private static readonly string[] Bits =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", " ", "\n", "if", "elif", "else", "endif", "for", "in", "endfor", "set", "endset", "macro", "endmacro", "break", "m", "messages", "loop", ".", "index0", "role",
        "content", "[", "]", "(", ")", "{", "}", ":", ",", "'a'", "\"b\"", "'", "0", "1", "-1", "2.5", "99999999999999999999", "|", "trim", "tojson", "join", "sort", "map", "selectattr", "is", "not", "defined", "string",
        "and", "or", "==", "<", "~", "*", "//", "%", "namespace", "ns", "=", "x", "none", "true", "range", ".items()", ".split(' ')", "generation", "endgeneration", "bos_token", "\\", "\uD83D\uDC3B", "\u2028",
    ];

    private static readonly JsonNode?[] Values =
        [null, 0, -1, 1e300, 4194304, true, "", "a", "\u2581", "<0x41>", new JsonArray(), new JsonObject(), new JsonArray("a", "b"), new JsonObject { ["type"] = "Sequence" }, new JsonObject { ["String"] = "" }, new JsonObject { ["Regex"] = "(" }];

    [Fact]
    public void Random_templates_are_read_and_rendered_or_refused()
    {
        var random = new Random(11);
        var golden = JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenTokenizer.Folder, "templates.json")))!.AsArray().Select(node => node!.GetValue<string>()).ToList();
        ChatMessage[] conversation = [new("system", "s"), new("user", "Hello\n"), new("assistant", "{{ x }}"), new("user", "")];
        var (read, rendered) = (0, 0);
        for (var i = 0; i < 6000; i++)
        {
            var source = i % 2 == 0 ? string.Concat(Enumerable.Range(0, random.Next(1, 24)).Select(_ => Bits[random.Next(Bits.Length)] + (random.Next(2) == 0 ? " " : ""))) : Damaged(golden[random.Next(golden.Count)], random);
            try
            {
                var template = new ChatTemplate(source, new TokenizerSettings("<s>", "</s>"));
                read++;
                template.Render(conversation, addGenerationPrompt: true);
                rendered++;
            }
            catch (BadInputException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
        Assert.True(read > 300 && rendered > 100, $"{read} read, {rendered} rendered");
    }

    [Fact]
    public void Damaged_tokenizers_are_read_and_used_or_refused()
    {
        var random = new Random(12);
        var original = File.ReadAllText(Path.Combine(GoldenTokenizer.Folder, "tokenizer.json"));
        using var folder = new TemporaryFolder();
        var used = 0;
        for (var i = 0; i < 400; i++)
        {
            var json = JsonNode.Parse(original)!;
            for (var n = random.Next(1, 4); n > 0; n--)
                Change(json, random);
            folder.Write("tokenizer.json", i % 8 == 0 ? Damaged(json.ToJsonString(), random) : json.ToJsonString());
            try
            {
                var tokenizer = Tokenizer.Load(folder.Path);
                foreach (var text in new[] { "", "The bear <|im_end|> 42\n\u2581\uD83D\uDC3B", TokenizerTests.RandomText(random, 30) })
                    tokenizer.Decode([.. tokenizer.Encode(text), .. tokenizer.EncodePlain(text), -1, int.MaxValue]);
                used++;
            }
            catch (BadInputException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
        Assert.True(used > 40, $"{used} used");
    }

    /// <summary>Puts a value where another one was, anywhere but deep in the lists.</summary>
    private static void Change(JsonNode json, Random random)
    {
        var node = json;
        while (true)
        {
            if (node is JsonObject map && map.Count > 0)
            {
                var key = map.ElementAt(random.Next(map.Count)).Key;
                if (map[key] is JsonObject or JsonArray && random.Next(3) > 0)
                {
                    node = map[key]!;
                    continue;
                }
                if (random.Next(4) == 0)
                    map.Remove(key);
                else
                    map[key] = Values[random.Next(Values.Length)]?.DeepClone();
            }
            else if (node is JsonArray list && list.Count > 0)
            {
                var at = random.Next(list.Count);
                if (list[at] is JsonObject or JsonArray && random.Next(3) > 0)
                {
                    node = list[at]!;
                    continue;
                }
                list[at] = Values[random.Next(Values.Length)]?.DeepClone();
            }
            return;
        }
    }

    /// <summary>Cuts, doubles and exchanges single characters.</summary>
    private static string Damaged(string text, Random random)
    {
        var damaged = new StringBuilder(text);
        for (var n = random.Next(1, 5); n > 0 && damaged.Length > 0; n--)
        {
            var at = random.Next(damaged.Length);
            switch (random.Next(3))
            {
                case 0:
                    damaged.Remove(at, Math.Min(damaged.Length - at, random.Next(1, 4)));
                    break;
                case 1:
                    damaged.Insert(at, damaged[at]);
                    break;
                default:
                    damaged[at] = "{}%#'\"|.-\n\\a0("[random.Next(14)];
                    break;
            }
        }
        return damaged.ToString();
    }
}
