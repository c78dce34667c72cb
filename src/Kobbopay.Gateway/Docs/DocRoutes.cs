using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.Net.Http.Headers;

namespace Kobbopay.Gateway.Docs;

/// <summary>The documentation, at <c>/docs</c>: every page from memory, the same for everybody.</summary>
internal static class DocRoutes
{
    public const string Root = "/docs";
    public const string SearchPath = $"{Root}/search";

    /// <summary>Seconds that a page is kept without asking: anchors and codes don't change, words may.</summary>
    private const string CacheControl = "public, max-age=300";

    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public static void AddDocumentation(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(_ => new Lazy<DocSite>(() => new DocSite()));
        builder.Services.AddHostedService<DocWarmUp>();
    }

    public static void MapDocumentation(this WebApplication app)
    {
        DocLayout.Assets.MapTo(app);
        app.MapMethods("/", Reading, () => Results.Redirect(Root)).AllowPublic();
        app.MapMethods(Root, Reading, (HttpContext http, Lazy<DocSite> site) =>
            ReadAsync(http, site.Value, DocPage.All[0].Slug)).AllowPublic();
        app.MapMethods(SearchPath, Reading, SearchAsync).AllowPublic();
        app.MapMethods($"{Root}/{{**slug}}", Reading, (string slug, HttpContext http, Lazy<DocSite> site) =>
            ReadAsync(http, site.Value, slug)).AllowPublic();
    }

    private static Task ReadAsync(HttpContext http, DocSite site, string slug)
    {
        if (site.Find(slug.TrimEnd('/')) is not { } page)
            return WriteAsync(http, site.NotFound, StatusCodes.Status404NotFound);

        http.Response.Headers.CacheControl = CacheControl;
        HtmlPage.Protect(http.Response);
        return Results.Bytes(page.Bytes, HtmlPage.ContentType, entityTag: EntityTagHeaderValue.Parse(page.ETag))
            .ExecuteAsync(http);
    }

    private static Task SearchAsync(string? q, HttpContext http, Lazy<DocSite> site)
    {
        var query = (q ?? string.Empty).Trim();
        if (query.Length > DocSearch.LongestQuery)
            query = query[..DocSearch.LongestQuery];
        var page = new DocAnswer(DocLayout.Search(query, site.Value.Search.Find(query)));
        return WriteAsync(http, page, StatusCodes.Status200OK);
    }

    private static async Task WriteAsync(HttpContext http, DocAnswer page, int status)
    {
        HtmlPage.Protect(http.Response);
        http.Response.StatusCode = status;
        http.Response.ContentType = HtmlPage.ContentType;
        http.Response.ContentLength = page.Bytes.Length;
        http.Response.Headers["X-Robots-Tag"] = "noindex";
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.Body.WriteAsync(page.Bytes, http.RequestAborted);
    }
}
