using Microsoft.Playwright;

namespace Kobbopay.Testing.Browser;

/// <summary>The system's own Chromium, without a window.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Executables = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

    private static readonly string[] Flags =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--no-first-run",
    ];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Chromium> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executables.First(File.Exists),
            Args = Flags,
        });
        return new Chromium(playwright, browser);
    }

    /// <summary>A page of a person of its own: nothing is shared with another one.</summary>
    public async Task<IPage> OpenAsync(BrowserNewContextOptions? person = null) =>
        await (await _browser.NewContextAsync(person)).NewPageAsync();

    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync();
        _playwright.Dispose();
    }
}
