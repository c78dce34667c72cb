using System.Text;
using System.Text.RegularExpressions;
using Kobbopay.ServiceDefaults.Web;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Extensions.Tables;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Kobbopay.Gateway.Docs;

/// <summary>
/// A page of the repository as it is served: links between pages become paths of the site, what is not served is no
/// link, and headings have the ids that they have where the repository is read.
/// </summary>
internal static partial class DocMarkdown
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UsePipeTables()
        .UseAutoIdentifiers(AutoIdentifierOptions.GitHub)
        .Build();

    /// <summary>Files beside the pages that are served elsewhere.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new(StringComparer.Ordinal)
    {
        ["openapi.json"] = ReferencePage.Path,
    };

    public static RenderedPage Render(DocPage page, string markdown)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        var anchors = new List<string>();
        TidyMarkup(page, document, anchors);
        foreach (var link in document.Descendants<LinkInline>().ToArray())
            Direct(link);

        var title = document.OfType<HeadingBlock>().First();
        var sections = SectionsOf(document);
        document.Remove(title);
        return new RenderedPage(page, sections[0].Heading, new Html(Write(document)), sections, anchors);
    }

    /// <summary>
    /// Marks for tests and generators go, and an anchor that outlives its heading stays (<c>&lt;a id="..."&gt;</c>).
    /// Any other markup is a mistake.
    /// </summary>
    private static void TidyMarkup(DocPage page, MarkdownDocument document, List<string> anchors)
    {
        foreach (var block in document.Descendants<HtmlBlock>().ToArray())
        {
            if (block.Type is not HtmlBlockType.Comment)
                throw new InvalidOperationException($"{page.Slug}: markup at line {block.Line + 1}");
            block.Parent!.Remove(block);
        }

        foreach (var inline in document.Descendants<HtmlInline>().Where(inline => inline.Tag is not "</a>"))
        {
            if (Anchor().Match(inline.Tag) is not { Success: true } anchor)
                throw new InvalidOperationException($"{page.Slug}: {inline.Tag}");
            anchors.Add(anchor.Groups["id"].Value);
        }
    }

    private static void Direct(LinkInline link)
    {
        var url = link.Url ?? string.Empty;
        if (url.StartsWith('#') || url.StartsWith("https://", StringComparison.Ordinal))
            return;

        var parts = url.Split('#', 2);
        var page = DocPage.All.FirstOrDefault(page => $"{page.Slug}.md" == parts[0]);
        var target = page?.Path ?? Elsewhere.GetValueOrDefault(parts[0]);
        if (target is not null)
        {
            link.Url = parts.Length > 1 ? $"{target}#{parts[1]}" : target;
            return;
        }

        var words = new ContainerInline();
        while (link.FirstChild is { } child)
        {
            child.Remove();
            words.AppendChild(child);
        }

        link.ReplaceBy(words, copyChildren: false);
    }

    private static List<DocSection> SectionsOf(MarkdownDocument document)
    {
        var sections = new List<DocSection>();
        var text = new StringBuilder();
        HeadingBlock? heading = null;
        foreach (var block in document)
        {
            if (block is HeadingBlock next)
            {
                Close();
                heading = next;
            }
            else
            {
                AppendText(text, block);
            }
        }

        Close();
        return sections;

        void Close()
        {
            if (heading is not null)
            {
                sections.Add(new DocSection(
                    heading.Level, heading.GetAttributes().Id!, TextOf(heading), text.ToString().Trim()));
            }

            text.Clear();
        }
    }

    private static string TextOf(LeafBlock block)
    {
        var text = new StringBuilder();
        AppendText(text, block);
        return text.ToString().Trim();
    }

    /// <summary>What is read on the page, with one space where a line ends.</summary>
    private static void AppendText(StringBuilder text, Block block)
    {
        switch (block)
        {
            case ContainerBlock container:
                foreach (var inner in container)
                    AppendText(text, inner);
                break;
            case CodeBlock code:
                text.Append(code.Lines.ToString()).Append(' ');
                break;
            case LeafBlock { Inline: { } inlines }:
                foreach (var inline in inlines.Descendants())
                {
                    text.Append(inline switch
                    {
                        LiteralInline literal => literal.Content.ToString(),
                        CodeInline code => code.Content,
                        LineBreakInline => " ",
                        _ => string.Empty,
                    });
                }

                text.Append(' ');
                break;
        }
    }

    private static string Write(MarkdownDocument document)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        var renderer = new HtmlRenderer(writer);
        Pipeline.Setup(renderer);
        renderer.ObjectRenderers.Replace<HeadingRenderer>(new LinkedHeading());
        renderer.ObjectRenderers.Replace<CodeBlockRenderer>(new CodeToCopy());
        renderer.ObjectRenderers.Replace<HtmlTableRenderer>(new WideTable());
        renderer.Render(document);
        return writer.ToString();
    }

    [GeneratedRegex("^<a id=\"(?<id>[a-z0-9-]+)\">$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Anchor();
}

/// <summary>A heading with a link to itself beside it, for who wants to pass it on.</summary>
internal sealed class LinkedHeading : HtmlObjectRenderer<HeadingBlock>
{
    protected override void Write(HtmlRenderer renderer, HeadingBlock obj)
    {
        var id = obj.GetAttributes().Id;
        renderer.Write($"<div class=\"heading\"><h{obj.Level} id=\"{id}\">").WriteLeafInline(obj);
        renderer.Write($"</h{obj.Level}><a href=\"#{id}\" aria-label=\"Link to this section\">#</a></div>\n");
    }
}

/// <summary>Code that may be wider than the screen: it scrolls by itself, with the keyboard too.</summary>
internal sealed class CodeToCopy : HtmlObjectRenderer<CodeBlock>
{
    protected override void Write(HtmlRenderer renderer, CodeBlock obj)
    {
        renderer.Write("<div class=\"code\"><span>").WriteEscape((obj as FencedCodeBlock)?.Info ?? string.Empty);
        renderer.Write("</span><pre tabindex=\"0\"><code>");
        renderer.WriteLeafRawLines(obj, writeEndOfLines: true, escape: true);
        renderer.Write("</code></pre></div>\n");
    }
}

/// <summary>A table that scrolls by itself where the screen is narrow.</summary>
internal sealed class WideTable : HtmlTableRenderer
{
    protected override void Write(HtmlRenderer renderer, Table table)
    {
        renderer.Write("<div class=\"table\" tabindex=\"0\">");
        base.Write(renderer, table);
        renderer.Write("</div>\n");
    }
}
