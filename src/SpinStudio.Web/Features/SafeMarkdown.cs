using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace SpinStudio.Web.Features;

/// <summary>
/// Markdown of members as HTML that can do no harm. Three walls, each enough by itself: raw HTML is text to the parser; links go only to http, https, mailto or a place
/// in the studio, and images become links; and what the renderer wrote is read again against a list of elements and attributes, so that anything else falls
/// back to the plain text.
/// </summary>
public static partial class SafeMarkdown
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .DisableHtml()
        .UsePipeTables()
        .UseEmphasisExtras(Markdig.Extensions.EmphasisExtras.EmphasisExtraOptions.Strikethrough)
        .UseAutoLinks()
        .Build();

    /// <param name="mentions">Names that are marked where they stand behind an @; null: none.</param>
    public static string ToHtml(string? text, IReadOnlyCollection<string>? mentions = null)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return "";
        }

        try
        {
            var document = Markdown.Parse(text, Pipeline);
            Tame(document);
            var html = document.ToHtml(Pipeline);
            return Allowed(html) ? Marked(html, mentions) : Plain(text);
        }
        catch (ArgumentException)
        {
            return Plain(text); // Nested deeper than the parser goes.
        }
    }

    /// <summary>True for an address that may stand in a link.</summary>
    internal static bool IsHarmless(string? address)
    {
        if (string.IsNullOrEmpty(address) || address.Any(c => c <= ' ' || c is '\\' or '"' or '<' or '>' || char.IsControl(c)))
        {
            return false;
        }

        return address[0] == '#' || (address[0] == '/' && (address.Length == 1 || address[1] != '/'))
            || (Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" or "mailto" && address.StartsWith(uri.Scheme + ":", StringComparison.OrdinalIgnoreCase));
    }

    private static void Tame(MarkdownDocument document)
    {
        foreach (var node in document.Descendants().ToList())
        {
            node.RemoveData(typeof(HtmlAttributes));
            switch (node)
            {
                case LinkInline link:
                    // An image would be fetched from where its author wants, and tell who reads: it becomes a link.
                    link.IsImage = false;
                    Tame(link, link.GetDynamicUrl?.Invoke() ?? link.Url, url => (link.Url, link.GetDynamicUrl, link.Title) = (url, null, null));
                    break;
                case AutolinkInline auto:
                    Tame(auto, auto.IsEmail ? "mailto:" + auto.Url : auto.Url, url => auto.Url = url.Length == 0 ? "" : auto.Url);
                    break;
                case FencedCodeBlock code:
                    (code.Info, code.Arguments) = (null, null);
                    break;
            }
        }
    }

    private static void Tame(Inline link, string? address, Action<string> set)
    {
        if (!IsHarmless(address))
        {
            set("");
            return;
        }

        set(address!);
        link.GetAttributes().AddProperty("rel", "noopener noreferrer nofollow ugc");
    }

    /// <summary>Reads the HTML as a list of tags; false when there is one that is not on the list.</summary>
    internal static bool Allowed(string html)
    {
        foreach (Match tag in AnyTag().Matches(html))
        {
            if (!KnownTag().IsMatch(tag.Value))
            {
                return false;
            }

            if (Address().Match(tag.Value) is { Success: true } address && System.Net.WebUtility.HtmlDecode(address.Groups[1].Value) is { Length: > 0 } target && !IsHarmless(target))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Only text between tags is looked at, never what is inside of one.</summary>
    private static string Marked(string html, IReadOnlyCollection<string>? mentions)
    {
        if (mentions is not { Count: > 0 })
        {
            return html;
        }

        var result = new StringBuilder(html.Length);
        var at = 0;
        foreach (Match tag in AnyTag().Matches(html))
        {
            result.Append(MarkedText(html[at..tag.Index], mentions)).Append(tag.Value);
            at = tag.Index + tag.Length;
        }

        return result.Append(MarkedText(html[at..], mentions)).ToString();
    }

    /// <summary>The longest names first, so that "@Ann Lee" is not taken for "@Ann".</summary>
    private static string MarkedText(string text, IReadOnlyCollection<string> mentions)
    {
        var names = string.Join('|', mentions.OrderByDescending(name => name.Length).Select(name => Regex.Escape(Escaped(name))));
        return Regex.Replace(text, $@"(?<![\w@])@(?:{names})(?!\w)", found => $"<span class=\"mention\">{found.Value}</span>", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
    }

    /// <summary>As the renderer writes text.</summary>
    private static string Escaped(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal);

    private static string Plain(string text) => $"<p>{HtmlEncoder.Default.Encode(text)}</p>";

    [GeneratedRegex("<[^>]*>?")]
    private static partial Regex AnyTag();

    [GeneratedRegex("""^</?(p|br|hr|h[1-6]|strong|em|del|code|pre|blockquote|ul|ol|li|table|thead|tbody|tr|th|td|a)( href="[^"<>]*"| rel="[a-z ]*"| start="\d+"| style="text-align: (left|right|center);")* ?/?>$""")]
    private static partial Regex KnownTag();

    [GeneratedRegex("href=\"([^\"]*)\"")]
    private static partial Regex Address();
}
