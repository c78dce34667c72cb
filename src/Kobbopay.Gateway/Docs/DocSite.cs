using System.Security.Cryptography;
using System.Text;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Gateway.Docs;

/// <summary>
/// The documentation as it stands in this assembly, rendered once. Nothing of it depends on the installation or the
/// reader.
/// </summary>
internal sealed class DocSite
{
    private readonly Dictionary<string, DocAnswer> _answers;

    public DocSite()
    {
        Pages = [.. DocPage.All.Select(page => DocMarkdown.Render(page, Read(page)))];
        Search = new DocSearch(Pages);
        _answers = Pages.Index().ToDictionary(
            page => page.Item.Page.Slug, page => new DocAnswer(DocLayout.Page(Pages, page.Index)),
            StringComparer.Ordinal);
        NotFound = new DocAnswer(DocLayout.NotFound());
    }

    public IReadOnlyList<RenderedPage> Pages { get; }

    public DocSearch Search { get; }

    public DocAnswer NotFound { get; }

    /// <summary>Null for what is no page.</summary>
    public DocAnswer? Find(string slug) => _answers.GetValueOrDefault(slug);

    private static string Read(DocPage page)
    {
        using var stream = typeof(DocSite).Assembly.GetManifestResourceStream($"docs/{page.Slug}.md")
            ?? throw new InvalidOperationException($"docs/{page.Slug}.md is not embedded");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}

/// <summary>The bytes of a page, and their mark.</summary>
internal sealed class DocAnswer(Html page)
{
    public byte[] Bytes { get; } = Encoding.UTF8.GetBytes(page.ToString());

    public string ETag => field ??= $"\"{Convert.ToHexStringLower(SHA256.HashData(Bytes).AsSpan(0, 16))}\"";
}

/// <summary>
/// Renders the pages while the gateway starts, beside everything else, so that no reader waits for it.
/// </summary>
internal sealed class DocWarmUp(Lazy<DocSite> site) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Run(() => site.Value, stoppingToken);
}
