using SpinStudio.Engine.DataParallel;

namespace SpinStudio.Engine.Tests.DataParallel;

public sealed class RankPlaceTests
{
    [Fact]
    public void Without_a_launcher_there_is_no_place() => Assert.Null(Read([]));

    [Fact]
    public void A_launcher_says_who_this_is_and_where_to_meet()
    {
        var place = Read(new() { ["RANK"] = "3", ["WORLD_SIZE"] = "8", ["LOCAL_WORLD_SIZE"] = "4", ["MASTER_ADDR"] = "node-1", ["MASTER_PORT"] = "29500" })!;

        Assert.Equal(new RankPlace(3, 8, 4, null, "node-1", 29500, Serves: false), place);
        Assert.Equal(2, place.Threads(8));
        Assert.Equal(1, place.Threads(2));
    }

    [Fact]
    public void Rank_0_serves_unless_the_launcher_does()
    {
        var variables = new Dictionary<string, string> { ["RANK"] = "0", ["WORLD_SIZE"] = "2", ["MASTER_ADDR"] = "a", ["MASTER_PORT"] = "1" };
        Assert.True(Read(variables)!.Serves);
        variables["TORCHELASTIC_USE_AGENT_STORE"] = "True";
        variables["TORCHELASTIC_RESTART_COUNT"] = "2";
        Assert.False(Read(variables)!.Serves);
        Assert.Equal("2", Read(variables)!.Attempt);
    }

    [Theory]
    [InlineData("2", "2", "29500", "RANK must be a whole number from 0 to 1 (got '2')")]
    [InlineData("-1", "2", "29500", "RANK must be")]
    [InlineData("0", "two", "29500", "WORLD_SIZE must be a whole number from 1 to 1024 (got 'two')")]
    [InlineData("0", null, "29500", "WORLD_SIZE is missing")]
    [InlineData(null, "2", "29500", "RANK is missing")]
    [InlineData("0", "2", null, "MASTER_PORT is missing")]
    [InlineData("0", "2", "70000", "MASTER_PORT must be a whole number from 1 to 65535 (got '70000')")]
    public void What_is_wrong_in_the_environment_is_named(string? rank, string? count, string? port, string said)
    {
        var variables = new Dictionary<string, string> { ["MASTER_ADDR"] = "a" };
        foreach (var (name, value) in new[] { ("RANK", rank), ("WORLD_SIZE", count), ("MASTER_PORT", port) })
            if (value is not null)
                variables[name] = value;

        Assert.Contains(said, Assert.Throws<BadInputException>(() => Read(variables)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_parent_tells_its_child_is_read_back()
    {
        var place = new RankPlace(1, 3, 3, "/somewhere", LocalRank: 1);

        Assert.Equal(place, Read(place.Variables.ToDictionary(v => v.Name, v => v.Value)));
    }

    private static RankPlace? Read(Dictionary<string, string> variables) => RankPlace.FromEnvironment(variables.GetValueOrDefault);
}
