using System.Text.Json;
using SpinStudio.Engine.Evaluation;
using Xunit;

namespace SpinStudio.Engine.Tests.Samples;

public sealed class ExactChecksTests
{
    private static JsonElement Facts(string json) => JsonDocument.Parse(json).RootElement;

    private static readonly JsonElement Story = Facts("""{"kind":"story","hero":"Mia","trait":"brave","animal":"fox","object":"lantern"}""");

    [Theory]
    [InlineData("Mia was a brave girl who lived with a fox by the sea. One day the fox brought her a lantern.", true)]
    [InlineData("Brave as ever, Mia was brave. Her fox took a lantern.", true)] // other words and other templates are free
    [InlineData("Mia was a brave girl who had a fox and a lantern.", false)] // one sentence
    [InlineData("Mia was a brave girl. She had a fox. It had a lantern.", false)] // three
    [InlineData("Mia, brave, fox, lantern. Mia, brave, fox, lantern.", false)] // the same twice
    [InlineData("She found a lantern. The brave girl Mia had a fox.", false)] // hero not introduced first
    [InlineData("Mia was a brave girl with a fox. The fox found a lamp and a lantern.", false)] // another object
    [InlineData("Mia was a brave girl with a fox. Ada found a lantern.", false)] // another hero
    [InlineData("Mia was a brave girl with a fox. He found a lantern.", false)] // wrong pronoun
    [InlineData("Mia was a brave girl with a fox. She found the the lantern.", false)] // a word twice
    [InlineData("Mia was a brave girl with a fox. She found it.", false)] // no object
    [InlineData("Mia was a brave girl with a fox. She found a lantern", false)] // cut off
    [InlineData("mia Mia was a brave girl with a fox. She found a lantern.", false)] // small letter first
    [InlineData("", false)]
    public void Story_needs_two_sentences_with_exactly_the_asked_words(string answer, bool passes) => Assert.Equal(passes, ExactChecks.Check(Story, answer));

    [Theory]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"first":"plum"}""", "plum, fig and pear.", true)]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"first":"plum"}""", "plum, fig, pear", true)]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"first":"plum"}""", "fig, plum and pear.", false)]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"with":"plum"}""", "fig, plum and pear.", true)]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"with":"plum"}""", "fig, peach and pear.", false)]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"without":"plum"}""", "fig, peach and pear.", true)]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"without":"plum"}""", "fig, plum and pear.", false)]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"without":"plum"}""", "fig, fig and pear.", false)]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"without":"plum"}""", "fig and pear.", false)]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"without":"plum"}""", "fig, hammer and pear.", false)]
    [InlineData("""{"kind":"list","category":"fruits","count":3,"without":"plum"}""", "fig, , pear.", false)]
    [InlineData("""{"kind":"rewrite","answer":"Mia found the key at home."}""", " Mia found the key at home.\n", true)]
    [InlineData("""{"kind":"rewrite","answer":"Mia found the key at home."}""", "Mia finds the key at home.", false)]
    [InlineData("""{"kind":"sort","answer":"fig, pear."}""", "fig, pear.", true)]
    [InlineData("""{"kind":"sort","answer":"fig, pear."}""", "pear, fig.", false)]
    [InlineData("""{"kind":"equals","answer":"42"}""", "42", true)]
    public void Other_kinds_follow_their_rule(string check, string answer, bool passes) => Assert.Equal(passes, ExactChecks.Check(Facts(check), answer));

    [Fact]
    public void No_check_or_an_unknown_kind_judges_nothing()
    {
        Assert.Null(ExactChecks.Check(null, "anything"));
        Assert.Null(ExactChecks.Check(Facts("""{"kind":"poem"}"""), "anything"));
        Assert.Null(ExactChecks.Check(Facts("[]"), "anything"));
    }

    [Fact]
    public void A_check_without_its_facts_is_refused_by_name()
    {
        var refused = Assert.Throws<BadInputException>(() => ExactChecks.Check(Facts("""{"kind":"story","hero":"Mia"}"""), "Mia."));
        Assert.Contains("story", refused.Message, StringComparison.Ordinal);
    }
}
