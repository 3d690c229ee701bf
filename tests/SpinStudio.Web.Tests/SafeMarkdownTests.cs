using System.Text.RegularExpressions;
using SpinStudio.Web.Features;

namespace SpinStudio.Web.Tests;

public sealed class SafeMarkdownTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("<svg/onload=alert(1)>")]
    [InlineData("<iframe src=\"javascript:alert(1)\"></iframe>")]
    [InlineData("<a href=\"javascript:alert(1)\">x</a>")]
    [InlineData("<div style=\"background:url(javascript:alert(1))\">x</div>")]
    [InlineData("<!-- --!><script>alert(1)</script>")]
    [InlineData("<![CDATA[<script>alert(1)</script>]]>")]
    [InlineData("<scr<script>ipt>alert(1)</scr</script>ipt>")]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("[x](JaVaScRiPt:alert(1))")]
    [InlineData("[x](java\nscript:alert(1))")]
    [InlineData("[x](&#106;avascript:alert(1))")]
    [InlineData("[x](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74:alert(1))")]
    [InlineData("[x](\u0001javascript:alert(1))")]
    [InlineData("[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)")]
    [InlineData("[x](vbscript:msgbox(1))")]
    [InlineData("[x](file:///etc/passwd)")]
    [InlineData("[x](//evil.example/)")]
    [InlineData("[x](/\\evil.example)")]
    [InlineData("[x][y]\n\n[y]: javascript:alert(1)")]
    [InlineData("[x](https://ok.example \"\\\" onmouseover=alert(1)\")")]
    [InlineData("[x](https://ok.example/\"onmouseover=alert(1)//)")]
    [InlineData("<javascript:alert(1)>")]
    [InlineData("![x](https://evil.example/track.png)")]
    [InlineData("![x](javascript:alert(1))")]
    [InlineData("![<script>](https://ok.example \"<script>\")")]
    [InlineData("`<script>alert(1)</script>`")]
    [InlineData("```<script>\nalert(1)\n```")]
    [InlineData("```html\" onmouseover=\"alert(1)\n<script>alert(1)</script>\n```")]
    [InlineData("# <script>alert(1)</script>")]
    [InlineData("| <script> | b |\n|---|:-:|\n| <img src=x onerror=alert(1)> | x |")]
    [InlineData("text {onclick=alert(1)}")]
    [InlineData("*a*{.x onclick=\"alert(1)\"}")]
    [InlineData("&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("@<script>alert(1)</script>")]
    public void Hostile_text_comes_out_harmless(string text)
    {
        var html = SafeMarkdown.ToHtml(text, ["<script>alert(1)</script>", "x"]);
        foreach (Match tag in Regex.Matches(html, "<[^>]*>"))
        {
            Assert.Matches("^</?(p|strong|em|code|pre|h1|table|thead|tbody|tr|th|td|a|span)( (href=\"(https?:|mailto:|/(?!/)|#)?[^\"<>]*\"|rel=\"noopener noreferrer nofollow ugc\"|class=\"mention\"|style=\"text-align: center;\"))*>$", tag.Value);
            Assert.DoesNotMatch("(?i)href=\"\\s*(javascript|data|vbscript|file|//)", tag.Value);
        }
    }

    [Theory]
    [InlineData("**b** *i* ~~d~~", "<p><strong>b</strong> <em>i</em> <del>d</del></p>")]
    [InlineData("[docs](/datasets)", "<p><a href=\"/datasets\" rel=\"noopener noreferrer nofollow ugc\">docs</a></p>")]
    [InlineData("https://ok.example", "<p><a href=\"https://ok.example\" rel=\"noopener noreferrer nofollow ugc\">https://ok.example</a></p>")]
    [InlineData("![cat](https://ok.example/cat.png)", "<p><a href=\"https://ok.example/cat.png\" rel=\"noopener noreferrer nofollow ugc\">cat</a></p>")]
    [InlineData("1 < 2 & 3 > 2", "<p>1 &lt; 2 &amp; 3 &gt; 2</p>")]
    [InlineData("", "")]
    public void Ordinary_text_is_set_as_meant(string text, string html) => Assert.Equal(html, SafeMarkdown.ToHtml(text).Trim());

    [Fact]
    public void A_mention_is_marked_in_text_but_not_inside_a_link_s_address()
    {
        Assert.Equal("<p>hi <span class=\"mention\">@Ada</span>, see <a href=\"https://x.example/@ada\" rel=\"noopener noreferrer nofollow ugc\">it</a></p>",
            SafeMarkdown.ToHtml("hi @Ada, see [it](https://x.example/@ada)", ["Ada"]).Trim());
        Assert.DoesNotContain("mention", SafeMarkdown.ToHtml("write to me@adam.example or @Adam", ["Ada"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_and_long_lines_end_soon()
    {
        Assert.NotEqual("", SafeMarkdown.ToHtml(string.Concat(Enumerable.Repeat("> ", 5000)) + "x"));
        Assert.NotEqual("", SafeMarkdown.ToHtml(new string('[', 10_000) + new string(']', 10_000)));
        Assert.NotEqual("", SafeMarkdown.ToHtml(new string('*', 20_000)));
    }

    [Theory]
    [InlineData("<script>")]
    [InlineData("<p onclick=\"x\">")]
    [InlineData("<a href=\"javascript:alert(1)\">")]
    [InlineData("<a href=\"&#106;avascript:alert(1)\">")]
    [InlineData("<img src=\"x\">")]
    [InlineData("<p")]
    public void What_the_renderer_writes_is_read_again(string html) => Assert.False(SafeMarkdown.Allowed(html));
}
