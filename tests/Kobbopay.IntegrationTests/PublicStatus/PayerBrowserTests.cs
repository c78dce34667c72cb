using System.Collections.Concurrent;
using Kobbopay.Contracts;
using Kobbopay.PublicStatus;
using Kobbopay.PublicStatus.Languages;
using Kobbopay.Testing;
using Microsoft.Playwright;

namespace Kobbopay.IntegrationTests.PublicStatus;

/// <summary>The payer's page as it is seen: in Chromium, on the narrowest of screens.</summary>
public sealed class PayerBrowserTests(RunningPublicStatus service, PayerBrowserTests.Browser browser)
    : IClassFixture<RunningPublicStatus>, IClassFixture<PayerBrowserTests.Browser>
{
    /// <summary>Bytes of the page with all that it loads.</summary>
    private const int PageLimit = 60 * 1024;

    private static readonly Guid Merchant = Guid.Parse("0196a000-0000-7000-8000-0000000000bb");

    private static readonly string Pictures =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "screenshots", "payer-page"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Every state in English and from right to left, and those with the most text in each language.</summary>
    public static TheoryData<string, string> Seen =>
    [
        .. PayerStates.Names.SelectMany(state => new[] { (state, "en"), (state, "ar") }),
        .. from state in new[] { "waiting-token-contract", "partial", "paid-over", "expired-full" }
           from language in new[] { "es", "fr", "pt" }
           select (state, language),
    ];

    [Theory]
    [MemberData(nameof(Seen))]
    public async Task Every_state_is_accessible_fits_a_small_screen_and_says_what_to_do(string state, string tongue)
    {
        var language = Language.All.Single(one => one.Tag == tongue);
        var view = Known(PayerStates.Of(state, service.NewView()));
        await using var payer = await PayerAsync(view, new() { Locale = tongue });
        var page = payer.Page;

        (await page.InnerTextAsync(".guidance")).Should().Be(Guidance.For(view, service.Clock.GetUtcNow(), language));
        (await page.GetAttributeAsync("html", "dir")).Should().Be(language.Direction);
        var asksForMoney = state.StartsWith("waiting", StringComparison.Ordinal)
            || state is "partial" or "partial-delayed";
        (await page.Locator($"[data-copy='{view.Address}']").CountAsync()).Should().Be(asksForMoney ? 1 : 0);
        (await page.Locator(".return").CountAsync()).Should().Be(
            view is { Status: "Confirmed", Setback: null } ? 1 : 0);
        await page.LooksWellAsync();
        foreach (var scheme in Looks.Schemes)
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            var picture = Path.Combine(Pictures, $"{state}.{tongue}.{scheme.ToString().ToLowerInvariant()}.png");
            (await page.ScreenshotAsync(new() { Path = picture, FullPage = true })).Should().NotBeEmpty();
        }

        payer.ShouldHaveBeenQuiet();
    }

    [Theory]
    [InlineData("pst_nobody", 404, "Payment not found")]
    [InlineData("pst_0123456789abcdefghjkmnpqrs", 503, "Please try again in a moment")]
    public async Task What_can_not_be_shown_is_said_as_well(string token, int status, string heading)
    {
        service.Payments.IsDown = status == 503;
        try
        {
            await using var chromium = await Chromium.StartAsync();
            var page = await chromium.OpenAsync(new() { ViewportSize = Looks.NarrowScreen });
            var answer = await page.GotoAsync($"{service.Http.BaseAddress}pay/{token}");
            answer!.Status.Should().Be(status);
            (await page.InnerTextAsync("h1")).Should().Be(heading);
            await page.LooksWellAsync();
        }
        finally
        {
            service.Payments.IsDown = false;
        }
    }

    [Fact]
    public async Task News_is_pushed_to_the_page_without_a_reload_and_without_asking()
    {
        var view = Known(service.NewView());
        await using var payer = await PayerAsync(view);
        await payer.Page.EvaluateAsync("document.querySelector('h1').dataset.same = 'yes'");
        await Eventually.TrueAsync(() => payer.Asked("/stream") == 1 && payer.Asked(view.Token) == 2);

        var paid = view with { Version = 2, Status = "Paid", Outcome = "exact", Received = "10.5", Missing = "0" };
        await service.PublishAsync(service.EventOf(Merchant, 1, paid));
        await payer.Page.Locator("[data-state='Paid']").WaitForAsync();
        await service.PublishAsync(new PaymentProgressed([paid with { Progress = 1, Confirmations = 2 }]));
        await payer.Page.GetByText("Confirmations: 2 of 3").WaitForAsync();
        await service.PublishAsync(service.EventOf(
            Merchant, 2, paid with { Version = 3, Status = "Confirmed", Confirmations = 3 }));
        await payer.Page.GetByRole(AriaRole.Link, new() { Name = "Back to Tea & Toast" }).WaitForAsync();

        (await payer.Page.GetAttributeAsync("h1", "data-same")).Should().Be("yes", "the page was never loaded again");
        payer.Asked("/stream").Should().Be(1);
        payer.ShouldHaveBeenQuiet();
    }

    [Fact]
    public async Task A_page_that_can_not_have_a_stream_asks()
    {
        var view = Known(service.NewView());
        await using var payer = await PayerAsync(
            view, before: page => page.RouteAsync("**/stream", stream => stream.AbortAsync()));
        await service.PublishAsync(service.EventOf(Merchant, 3, view with { Version = 2, Status = "Canceled" }));
        await payer.Page.Locator("[data-state='Canceled']").WaitForAsync();
    }

    [Fact]
    public async Task What_is_to_be_sent_is_copied_by_keyboard()
    {
        var view = Known(PayerStates.Of("waiting-token-contract", service.NewView()));
        await using var payer = await PayerAsync(
            view, new() { Permissions = ["clipboard-read", "clipboard-write"] });
        var copied = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            await payer.Page.Keyboard.PressAsync("Tab");
            await payer.Page.Keyboard.PressAsync("Enter");
            await payer.Page.Locator("button:focus", new() { HasTextString = "Copied" }).WaitForAsync();
            copied.Add(await payer.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        }

        copied.Should().Equal("10.5", view.Address, view.Contract);
    }

    [Fact]
    public async Task A_page_without_scripts_shows_all_of_it_and_no_button_that_does_nothing()
    {
        var view = Known(service.NewView());
        await using var payer = await PayerAsync(view, new() { JavaScriptEnabled = false });
        (await payer.Page.InnerTextAsync("main")).Should()
            .Contain(view.Address).And.Contain("10.5 USDT").And.Contain("60 min left").And.NotContain("Copy");
        (await payer.Page.GetByRole(AriaRole.Img).CountAsync()).Should().Be(2);
    }

    [Fact]
    public async Task No_other_page_can_put_it_into_a_frame()
    {
        var view = Known(service.NewView());
        await using var payer = await PayerAsync(view);
        var page = payer.Page;
        await page.GotoAsync("about:blank");
        await page.SetContentAsync($"<iframe src='{service.Http.BaseAddress}pay/{view.Token}'></iframe>");
        await Eventually.TrueAsync(() => page.Frames.Any(
            frame => frame.Url.StartsWith("chrome-error:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_largest_page_weighs_less_than_it_may()
    {
        var view = Known(PayerStates.Of("waiting-token-contract", service.NewView()));
        foreach (var language in Language.All)
        {
            await using var payer = await PayerAsync(view, new() { Locale = language.Tag });
            (await payer.WeightAsync()).Should().BeInRange(10_000, PageLimit, language.Tag);
        }
    }

    private PublicPayment Known(PublicPayment view)
    {
        service.Payments.Views[view.Token] = view;
        return view;
    }

    private async Task<Payer> PayerAsync(
        PublicPayment view, BrowserNewContextOptions? person = null, Func<IPage, Task>? before = null)
    {
        person ??= new();
        person.ViewportSize = Looks.NarrowScreen;
        var payer = new Payer(await browser.Chromium.OpenAsync(person), service.Http.BaseAddress!);
        if (before is not null)
            await before(payer.Page);
        await payer.Page.GotoAsync($"{service.Http.BaseAddress}pay/{view.Token}");
        return payer;
    }

    /// <summary>One browser for all the people of this class.</summary>
    public sealed class Browser : IAsyncLifetime
    {
        public Chromium Chromium { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Chromium = await Chromium.StartAsync();

        public ValueTask DisposeAsync() => Chromium.DisposeAsync();
    }

    /// <summary>A person on the page, and all that their browser asked for and complained of.</summary>
    private sealed class Payer : IAsyncDisposable
    {
        private readonly Uri _site;
        private readonly ConcurrentQueue<IRequest> _requests = new();
        private readonly ConcurrentQueue<string> _complaints = new();

        public Payer(IPage page, Uri site)
        {
            (Page, _site) = (page, site);
            page.Request += (_, request) => _requests.Enqueue(request);
            page.PageError += (_, error) => _complaints.Enqueue(error);
            page.Console += (_, message) => _complaints.Enqueue(message.Text);
        }

        public IPage Page { get; }

        /// <summary>Requests so far whose path ends so.</summary>
        public int Asked(string end) =>
            _requests.Count(request => new Uri(request.Url).AbsolutePath.EndsWith(end, StringComparison.Ordinal));

        public void ShouldHaveBeenQuiet()
        {
            _complaints.Should().BeEmpty();
            _requests.Select(request => new Uri(request.Url).Authority).Should().AllBe(_site.Authority);
        }

        /// <summary>Bytes of the page and of what it links to, uncompressed.</summary>
        public async Task<int> WeightAsync()
        {
            await Page.WaitForLoadStateAsync(LoadState.Load);
            var weight = 0;
            foreach (var request in _requests.Where(one => one.ResourceType is "document" or "stylesheet" or "script"))
                weight += (await (await request.ResponseAsync())!.BodyAsync()).Length;
            return weight;
        }

        public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();
    }
}
