using Microsoft.Playwright;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>A payer's browser on a payment's page.</summary>
internal sealed class PayerPage : IAsyncDisposable
{
    private const float PatienceMilliseconds = 60_000;

    private readonly Chromium _chromium;
    private readonly IPage _page;

    private PayerPage(Chromium chromium, IPage page) => (_chromium, _page) = (chromium, page);

    public static async Task<PayerPage> OpenAsync(string url)
    {
        var chromium = await Chromium.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(url);
        return new PayerPage(chromium, page);
    }

    /// <summary>Waits until the page shows the status, without a reload.</summary>
    public Task SeeAsync(string status) => _page.Locator($"[data-state='{status}']").WaitForAsync(
        new LocatorWaitForOptions { Timeout = PatienceMilliseconds });

    public Task<string> TextAsync() => _page.InnerTextAsync("body");

    public ValueTask DisposeAsync() => _chromium.DisposeAsync();
}
