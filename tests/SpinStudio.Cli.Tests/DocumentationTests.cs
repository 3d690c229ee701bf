using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Cli.Tests;

public sealed class DocumentationTests
{
    private static readonly string RunFolderPage = File.ReadAllText(Path.Combine(Spinstudio.Repository, "docs", "run-folder.md"));
    private static readonly string CommandLinePage = File.ReadAllText(Path.Combine(Spinstudio.Repository, "docs", "cli.md"));

    public static TheoryData<Type> Events => [.. typeof(JournalEvent).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(attribute => attribute.DerivedType)];

    [Theory]
    [MemberData(nameof(Events))]
    public void Every_event_has_a_row_that_names_its_keys(Type type)
    {
        var kind = (string)typeof(JournalEvent).GetCustomAttributes<JsonDerivedTypeAttribute>().Single(attribute => attribute.DerivedType == type).TypeDiscriminator!;

        var row = Assert.Single(RunFolderPage.Split('\n'), line => line.StartsWith($"| `{kind}` |", StringComparison.Ordinal));

        Assert.All(Keys(type).Except(Keys(typeof(JournalEvent))), key => Assert.Contains($"`{key}`", row, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(Pair), "## pairs.jsonl")]
    [InlineData(typeof(EvaluationReport), "## evaluation.json")]
    [InlineData(typeof(Estimate), "## evaluation.json")]
    public void Every_key_of_a_file_is_in_its_section(Type type, string heading)
    {
        var section = RunFolderPage[RunFolderPage.IndexOf(heading, StringComparison.Ordinal)..].Split("\n## ")[0];

        Assert.All(Keys(type), key => Assert.Contains($"`{key}`", section, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_key_of_a_run_config_is_in_the_table_with_its_default()
    {
        var defaults = JsonSerializer.SerializeToNode(new RunConfig { Model = "m", Dataset = "d", ScheduleEpochs = 2, HeldOut = "h" }, RunJson.Line)!.AsObject();

        foreach (var (key, value) in defaults)
        {
            if (value is System.Text.Json.Nodes.JsonObject nested)
            {
                Assert.All(nested, entry => AssertRow($"{key}.{entry.Key}", entry.Value!.ToJsonString()));
            }
            else
            {
                var told = value is System.Text.Json.Nodes.JsonArray list ? list[0]! : value!;
                AssertRow(key, key is "model" or "dataset" or "held_out" or "schedule_epochs" or "max_prompt_length" ? "" : told.ToJsonString());
            }
        }
    }

    [Fact]
    public async Task The_page_of_settings_is_what_the_config_types_say()
    {
        Assert.Equal(SettingsReference.Keys.Order(), SettingNotes.Keys.Order());
        var written = (await Spinstudio.Run("settings")).Success();
        Assert.True(written.Trim() == (await File.ReadAllTextAsync(Path.Combine(Spinstudio.Repository, "docs", "settings.md"))).Trim(), "docs/settings.md is out of date; write it anew with: ./studio cli settings > docs/settings.md");
    }

    /// <summary>A claim that names a test is a claim only while that test exists.</summary>
    [Fact]
    public void Every_test_that_the_page_of_formats_names_exists()
    {
        var page = File.ReadAllText(Path.Combine(Spinstudio.Repository, "docs", "models-and-formats.md"));
        var tests = string.Join('\n', Directory.EnumerateFiles(Path.Combine(Spinstudio.Repository, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var named = Regex.Matches(page, "`([A-Z][A-Za-z]*Tests|[A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+){3,})`").Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.True(named.Count > 30, $"{named.Count} tests are named");
        Assert.All(named, name => Assert.Matches(name.EndsWith("Tests", StringComparison.Ordinal) ? $@"class {name}\b" : $@"(void|Task) {name}\(", tests));
    }

    private static void AssertRow(string key, string value)
    {
        var row = Assert.Single(CommandLinePage.Split('\n'), line => line.StartsWith($"| `{key}` |", StringComparison.Ordinal));
        var told = row.Split('|')[2].Trim().Trim('`');
        if (value.Length > 0 && double.TryParse(value, out var number))
            Assert.Equal(number, double.Parse(told, System.Globalization.CultureInfo.InvariantCulture));
        else
            Assert.Contains(value, told, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Keys(Type type) => type.GetProperties().Where(property => property.Name != "EqualityContract")
        .Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
}
