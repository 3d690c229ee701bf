namespace SpinStudio.Cli.Tests;

public sealed class UsageTests
{
    [Fact]
    public async Task Help_names_every_command()
    {
        var help = (await Spinstudio.Run("--help")).Success();

        foreach (var command in new[] { "train", "generate", "evaluate", "inspect", "doctor", "pull", "push", "serve", "import", "convert", "sample" })
            Assert.Contains($"\n  {command}", help, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("generate")]
    [InlineData("evaluate")]
    [InlineData("inspect")]
    [InlineData("doctor")]
    [InlineData("pull")]
    [InlineData("push")]
    [InlineData("export")]
    [InlineData("serve")]
    [InlineData("import")]
    [InlineData("convert")]
    [InlineData("sample make")]
    [InlineData("sample compare")]
    public async Task Every_command_explains_each_of_its_options(string command)
    {
        var help = (await Spinstudio.Run([.. command.Split(' '), "--help"])).Success();

        var options = help.Split('\n').Where(line => line.StartsWith("  -", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(options);
        Assert.All(options, line => Assert.Matches(@"^  -\S.*\S {2,}\S", line));
    }

    [Theory]
    [InlineData("docter", "doctor perhaps?")]
    [InlineData("train", "--out")]
    [InlineData("train --out somewhere", "RUN.json")]
    [InlineData("train run.json --out somewhere --resum", "--resum")]
    [InlineData("generate --model m --prompts p", "--out")]
    [InlineData("inspect", "path")]
    [InlineData("sample", "")]
    public async Task Wrong_usage_is_refused_in_one_line_that_names_what_is_wrong(string arguments, string named)
    {
        var line = (await Spinstudio.Run(arguments.Split(' '))).Refusal();

        Assert.StartsWith("spinstudio: ", line, StringComparison.Ordinal);
        Assert.Contains(named, line, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("--help", line, StringComparison.Ordinal);
    }
}
