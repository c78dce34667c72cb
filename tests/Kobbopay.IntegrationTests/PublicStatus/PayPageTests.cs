using System.Net;
using System.Text.RegularExpressions;

namespace Kobbopay.IntegrationTests.PublicStatus;

public sealed partial class PayPageTests(RunningPublicStatus service) : IClassFixture<RunningPublicStatus>
{
    /// <summary>Bytes of the page with all that it loads, uncompressed.</summary>
    private const int PageLimit = 60 * 1024;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_shows_what_to_send_where_and_on_which_network_without_a_script()
    {
        var view = service.NewView() with { Merchant = "<script>alert(1)</script>" };
        var html = await PageAsync(view);

        html.Should().Contain("""<span class="amount"><bdi>10.5 USDT</bdi></span>""")
            .And.Contain("""<span class="rail">on <bdi>Example Network</bdi></span>""")
            .And.Contain($"<code dir=\"ltr\">{view.Address}</code>")
            .And.Contain("Send exactly 10.5 USDT on Example Network to the address shown.")
            .And.Contain("""<meta http-equiv="refresh" content="15">""")
            .And.Contain("""<strong>TEST</strong>""")
            .And.Contain("&lt;script&gt;alert(1)&lt;/script&gt;")
            .And.NotContain("<script>alert");
        Regex.Count(html, "<svg class=\"qr\" role=\"img\" aria-label=\"QR code of ").Should().Be(2);
    }

    [Fact]
    public async Task A_live_payment_has_no_test_banner() =>
        (await PageAsync(service.NewView() with { Environment = "live" })).Should().NotContain("TEST");

    [Fact]
    public async Task A_part_asks_for_the_rest_without_the_link_for_the_whole_amount()
    {
        var view = service.NewView() with { Version = 2, Outcome = "partial", Received = "4", Missing = "6.5" };
        var html = await PageAsync(view);
        html.Should().Contain("<em><bdi>6.5 USDT</bdi></em>").And.Contain("data-copy=\"6.5\"");
        Regex.Count(html, "<svg class=\"qr\"").Should().Be(1);
    }

    [Theory]
    [InlineData("Paid", "1", "Confirmations: 1 of 3")]
    [InlineData("Confirmed", "5", "Confirmations: 3 of 3")]
    [InlineData("Expired", "0", "This payment has expired")]
    [InlineData("Canceled", "0", "This payment was canceled")]
    public async Task Once_nothing_is_to_be_paid_the_address_is_gone(string status, string confirmations, string text)
    {
        var view = service.NewView() with { Version = 2, Status = status, Confirmations = int.Parse(confirmations) };
        var html = await PageAsync(view);
        html.Should().Contain(text).And.NotContain(view.Address).And.NotContain("<svg class=\"qr\"");
        html.Contains("https://shop.example/thanks?order=1&amp;x=%3C2%3E", StringComparison.Ordinal)
            .Should().Be(status is "Confirmed");
    }

    [Fact]
    public async Task An_address_that_is_no_web_address_becomes_no_link()
    {
        var html = await PageAsync(service.NewView() with
        {
            Version = 3,
            Status = "Confirmed",
            ReturnUrl = "javascript:alert(1)",
            Transfers =
            [
                new("0xabc", "javascript:alert(2)", "10.5", 3),
                new("0xdef", "https://scan.example/tx/0xdef", "1", 3),
            ],
        });
        html.Should().NotContain("javascript:alert").And.Contain("href=\"https://scan.example/tx/0xdef\"");
    }

    [Fact]
    public async Task Nothing_of_the_page_is_inline_from_elsewhere_or_cached()
    {
        var view = service.NewView();
        service.Payments.Views[view.Token] = view;
        using var response = await service.GetAsync($"/pay/{view.Token}");
        var html = await response.Content.ReadAsStringAsync(Cancellation);

        response.Headers.GetValues("Content-Security-Policy").Should().Equal(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        response.Headers.GetValues("Referrer-Policy").Should().Equal("no-referrer");
        response.Headers.GetValues("X-Robots-Tag").Should().Equal("noindex, nofollow");
        response.Headers.CacheControl!.NoStore.Should().BeTrue();
        html.Should().NotMatchRegex("<script(?! src=)|<style|\\sstyle=|\\son[a-z]+=");
        Loaded().Matches(html).Select(match => match.Groups["link"].Value).Should().AllSatisfy(
            link => link.Should().StartWith("/pay/assets/"));
    }

    [Fact]
    public async Task The_whole_page_stays_small_and_its_files_may_be_kept_for_ever()
    {
        var html = await PageAsync(service.NewView());
        var total = html.Length;
        foreach (Match link in Loaded().Matches(html))
        {
            using var asset = await service.GetAsync(link.Groups["link"].Value);
            asset.StatusCode.Should().Be(HttpStatusCode.OK);
            asset.Headers.CacheControl!.ToString().Should().Be("public, max-age=31536000, immutable");
            total += (await asset.Content.ReadAsByteArrayAsync(Cancellation)).Length;
        }

        total.Should().BeLessThan(PageLimit);
    }

    [Fact]
    public async Task Unknown_tokens_get_one_same_page()
    {
        using var first = await service.GetAsync("/pay/pst_xxxxxxxxxxxxxxxxxxxxxxxxxx");
        using var second = await service.GetAsync("/pay/nonsense");
        first.StatusCode.Should().Be(HttpStatusCode.NotFound);
        second.StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await first.Content.ReadAsStringAsync(Cancellation)).Should()
            .Be(await second.Content.ReadAsStringAsync(Cancellation)).And.Contain("Payment not found");
    }

    private async Task<string> PageAsync(Contracts.PublicPayment view)
    {
        service.Payments.Views[view.Token] = view;
        using var response = await service.GetAsync($"/pay/{view.Token}");
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        return await response.Content.ReadAsStringAsync(Cancellation);
    }

    [GeneratedRegex("<(?:script|link|img)[^>]* (?:src|href)=\"(?<link>[^\"]+)\"", RegexOptions.NonBacktracking)]
    private static partial Regex Loaded();
}
