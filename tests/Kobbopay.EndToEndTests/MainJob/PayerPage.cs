using Microsoft.Playwright;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>A payer's browser, the system's own Chromium, on a payment's page.</summary>
internal sealed class PayerPage : IAsyncDisposable
{
    private static readonly string[] Executables = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

    private static readonly string[] Flags =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--no-first-run",
    ];

    private const float PatienceMilliseconds = 60_000;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly IPage _page;

    private PayerPage(IPlaywright playwright, IBrowser browser, IPage page) =>
        (_playwright, _browser, _page) = (playwright, browser, page);

    public static async Task<PayerPage> OpenAsync(string url)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executables.First(File.Exists),
            Args = Flags,
        });
        var page = await browser.NewPageAsync();
        await page.GotoAsync(url);
        return new PayerPage(playwright, browser, page);
    }

    /// <summary>Waits until the page shows the status, without a reload.</summary>
    public Task SeeAsync(string status) => _page.Locator($"[data-state='{status}']").WaitForAsync(
        new LocatorWaitForOptions { Timeout = PatienceMilliseconds });

    public Task<string> TextAsync() => _page.InnerTextAsync("body");

    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync();
        _playwright.Dispose();
    }
}
