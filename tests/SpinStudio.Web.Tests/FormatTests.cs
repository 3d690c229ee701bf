using SpinStudio.Web.Components;

namespace SpinStudio.Web.Tests;

public sealed class FormatTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1_000, "1 kB")]
    [InlineData(1_234_567, "1.23 MB")]
    [InlineData(79_200_000_000, "79.2 GB")]
    public void Bytes_are_in_decimal_units_with_three_digits(long bytes, string text) => Assert.Equal(text, Format.Bytes(bytes));

    [Theory]
    [InlineData(0.4, "0 s")]
    [InlineData(59, "59 s")]
    [InlineData(60, "1 min")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(1_510, "25 min")]
    [InlineData(7_500, "2 h 5 min")]
    [InlineData(270_000, "3 d 3 h")]
    public void Durations_have_at_most_two_units(double seconds, string text) => Assert.Equal(text, Format.Duration(seconds));

    [Theory]
    [InlineData(5e-7, "5e-7")]
    [InlineData(0.1, "0.1")]
    [InlineData(64, "64")]
    public void Settings_are_written_so_that_they_read_back_the_same(double value, string text)
    {
        Assert.Equal(text, Format.Number(value));
        Assert.Equal(value, double.Parse(text, System.Globalization.CultureInfo.InvariantCulture));
    }
}
