using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Gateway.Docs;

/// <summary>
/// A page of the documentation: <c>docs/{slug}.md</c> of the repository, served at <c>/docs/{slug}</c>.
/// </summary>
/// <param name="Name">What links to it say.</param>
internal sealed record DocPage(string Slug, string Name)
{
    /// <summary>
    /// The pages for merchants, in the order of reading; the other files beside them are for who runs or changes
    /// Kobbopay, and are not served. A page that was published once stays: docs/anchors.txt names it.
    /// </summary>
    public static readonly IReadOnlyList<DocPage> All =
    [
        new("overview", "Overview"),
        new("quickstart", "Quick start"),
        new("lifecycle", "Life of a payment"),
        new("webhooks", "Webhooks"),
        new("consumers", "Retries and consumers"),
        new("events", "Event feed"),
        new("sdk", "SDK for .NET"),
        new("cli", "Command line"),
        new("public-status", "Payer's page"),
        new("reconciliation", "Reconciliation"),
        new("sandbox", "Sandbox"),
        new("access", "Environments and access"),
        new("networks", "Networks"),
        new("errors", "Errors"),
        new("security", "Security"),
        new("changelog", "Changelog"),
    ];

    public string Path => $"{DocRoutes.Root}/{Slug}";
}

/// <summary>A page as it was rendered.</summary>
/// <param name="Content">What stands below its title.</param>
internal sealed record RenderedPage(
    DocPage Page, string Title, Html Content, IReadOnlyList<DocSection> Sections, IReadOnlyList<string> OtherAnchors)
{
    /// <summary>Everything of the page that a link may lead to.</summary>
    public IEnumerable<string> Anchors => Sections.Select(section => section.Id).Concat(OtherAnchors);
}

/// <summary>A heading with the text up to the next one.</summary>
/// <param name="Level">1 for the page's title.</param>
internal sealed record DocSection(int Level, string Id, string Heading, string Text);
