using SpinStudio.Web.Features.Downloads;
using SpinStudio.Web.Features.Runs;

namespace SpinStudio.Web.Tests;

public sealed class MinMaxTests
{
    [Fact]
    public void Spikes_and_ends_stay()
    {
        var values = Enumerable.Range(0, 100_000).Select(i => (double?)Math.Sin(i / 1000.0)).ToArray();
        values[41_234] = 99;
        values[77_777] = -99;
        var kept = MinMax.Pick(values, 1000);
        Assert.True(kept.Count <= 1000);
        Assert.Contains(41_234, kept);
        Assert.Contains(77_777, kept);
        Assert.Equal(0, kept[0]);
        Assert.Equal(99_999, kept[^1]);
        Assert.Equal(kept.Distinct().Order(), kept);
    }

    [Fact]
    public void A_gap_stays_a_gap()
    {
        var values = Enumerable.Range(0, 10_000).Select(i => i is > 4000 and < 6000 ? null : (double?)i).ToArray();
        Assert.Contains(MinMax.Pick(values, 100), i => values[i] is null);
    }
}

public sealed class CsvCellTests
{
    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("=a,\"b\"", "\"'=a,\"\"b\"\"\"")]
    [InlineData("rewards/real", "rewards/real")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    public void A_formula_is_made_a_text(string value, string cell) => Assert.Equal(cell, CsvCell.Text(value));
}

public sealed class SafeNameTests
{
    [Theory]
    [InlineData("../../etc/passwd", "etc-passwd")]
    [InlineData("My run · iteration 0", "My-run-iteration-0")]
    [InlineData("a\r\nSet-Cookie: b", "a-Set-Cookie-b")]
    [InlineData("…", "download")]
    [InlineData(".hidden", "hidden")]
    public void A_download_s_name_is_plain(string name, string expected) => Assert.Equal(expected, SafeName.Of(name));
}

public sealed class PathTests
{
    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    [InlineData(".")]
    public void A_name_that_leads_out_of_its_folder_is_refused(string name) =>
        Assert.Throws<InvalidOperationException>(() => StudioPaths.Within("/data", name));

    [Fact]
    public void A_name_inside_is_a_path() => Assert.Equal("/data/runs/1", StudioPaths.Within("/data", "runs/1"));
}
