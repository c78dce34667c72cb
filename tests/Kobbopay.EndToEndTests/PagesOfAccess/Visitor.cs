using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Kobbopay.EndToEndTests.PagesOfAccess;

/// <summary>
/// A person with a browser on the pages of access. What the browser asks for, and what it complains of, is kept.
/// </summary>
internal sealed class Visitor : IAsyncDisposable
{
    /// <summary>More than any of the pages has.</summary>
    private const int MostTabStops = 30;

    /// <summary>What Chromium says of a page that is refused on purpose; the page itself is shown.</summary>
    private const string RefusedOnPurpose = "Failed to load resource: the server responded with a status of 4";

    private readonly Chromium _chromium;
    private readonly Uri _site;
    private readonly ConcurrentQueue<IRequest> _requests = new();
    private readonly ConcurrentQueue<string> _complaints = new();

    private Visitor(Chromium chromium, Uri site, IPage page)
    {
        (_chromium, _site, Page) = (chromium, site, page);
        page.Request += (_, request) => _requests.Enqueue(request);
        page.Response += (_, response) =>
        {
            if (response.Status >= 400 && !response.Request.IsNavigationRequest)
                _complaints.Enqueue($"{response.Status} {response.Url}");
        };
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Console += (_, message) =>
        {
            if (!message.Text.StartsWith(RefusedOnPurpose, StringComparison.Ordinal))
                _complaints.Enqueue($"{message.Type}: {message.Text}");
        };
    }

    public IPage Page { get; }

    public static async Task<Visitor> StartAsync(Uri site, bool scripts = true)
    {
        var chromium = await Chromium.StartAsync();
        var page = await chromium.OpenAsync(new BrowserNewContextOptions
        {
            BaseURL = site.AbsoluteUri,
            JavaScriptEnabled = scripts,
            ViewportSize = Looks.NarrowScreen,
        });
        return new Visitor(chromium, site, page);
    }

    /// <summary>Fills in fields, presses the one button, and waits for what is to be seen then.</summary>
    public async Task SendAsync(ILocator seen, params (string Field, string Text)[] fields)
    {
        foreach (var (field, text) in fields)
            await Page.Locator($"[id='{field}']").FillAsync(text);
        await Page.GetByRole(AriaRole.Button).ClickAsync();
        await seen.WaitForAsync();
    }

    public ILocator Heading(string text) =>
        Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = text, Level = 1, Exact = true });

    public ILocator Errors => Page.Locator(".errors");

    /// <summary>What the Tab key comes to, in turn: an id, the target of a link, or an element's name.</summary>
    public async Task<IReadOnlyList<string>> TabStopsAsync()
    {
        var stops = new List<string>();
        while (stops.Count < MostTabStops)
        {
            await Page.Keyboard.PressAsync("Tab");
            var stop = await FocusAsync();
            if (stop is "BODY")
                break;
            stops.Add(stop);
        }

        return stops;
    }

    public Task<string> FocusAsync() => Page.EvaluateAsync<string>(
        "(e => e.getAttribute('href') || e.id || e.tagName)(document.activeElement)");

    /// <summary>
    /// Nothing was complained of, asked of another host, or sent along in a URL or a Referer that is a secret.
    /// </summary>
    public async Task LeftNoTraceAsync(params string[] secrets)
    {
        _complaints.Should().BeEmpty();
        _requests.Should().NotBeEmpty();
        foreach (var request in _requests)
        {
            var url = new Uri(request.Url);
            url.Authority.Should().Be(_site.Authority);
            // A fragment stays in the browser.
            var sent = url.GetLeftPart(UriPartial.Query);
            secrets.Where(secret => sent.Contains(secret, StringComparison.Ordinal)).Should().BeEmpty(sent);
            var referer = (await request.AllHeadersAsync()).GetValueOrDefault("referer");
            referer.Should().BeNullOrEmpty(sent);
        }
    }

    public ValueTask DisposeAsync() => _chromium.DisposeAsync();
}
