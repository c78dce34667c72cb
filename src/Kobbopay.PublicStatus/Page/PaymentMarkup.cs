using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.PublicStatus.Page;

/// <summary>
/// A payment as the payer's page. Elements marked <c>data-live</c> are those whose content changes: the script fetches
/// the page again when the JSON has news and swaps these, so that there is one rendering, this one.
/// </summary>
internal static class PaymentMarkup
{
    public static Html Page(PublicPayment view, DateTimeOffset now) => PageFrame.Of(
        $"{Headline(view, now)} · {view.Amount} {view.Currency} · {view.Merchant}",
        "en",
        reloads: view.Status is not "Confirmed",
        Html.Of($"""
            {TestBanner(view)}
            <header class="top"><p>Payment to <strong>{view.Merchant}</strong></p></header>
            <main class="card" data-payment
            data-server-time="{Rfc3339.Format(now)}" data-etag="{ReadStatus.ETagOf(view, now)}">
            <h1><span class="amount">{view.Amount} {view.Currency}</span>
            <span class="rail">on {view.NetworkName}</span></h1>
            <section class="status" aria-labelledby="status-title">
            <h2 id="status-title" class="hidden">Status</h2>
            <div role="status" aria-live="polite" data-live="status">{Status(view, now)}</div>
            <div data-live="clock">{Clock(view, now)}</div>
            </section>
            <div data-live="instructions">{Instructions(view, now)}</div>
            <div data-live="facts">{Facts(view)}</div>
            <div data-live="return">{Return(view)}</div>
            </main>
            <footer><p data-live="footer">{Footer(view)}</p>
            <p class="offline" role="status" data-offline hidden>No connection: what you see may be old.</p></footer>
            """));

    private static Html TestBanner(PublicPayment view) => view.Environment is Contracts.MerchantEnvironments.Live
        ? Html.Nothing
        : Html.Of($"""<p class="test" role="note"><strong>TEST</strong> This is a test: do not send real money.</p>""");

    private static string Headline(PublicPayment view, DateTimeOffset now) => view.Status switch
    {
        "Pending" when Guidance.IsTimeOver(view, now) => "Time is over",
        "Pending" => view.Outcome is "partial" ? "Partly paid" : "Waiting for your payment",
        "Paid" => "Payment seen, being confirmed",
        "Confirmed" => "Payment confirmed",
        "Canceled" => "Payment canceled",
        "Expired" => "Payment expired",
        var other => other,
    };

    private static Html Status(PublicPayment view, DateTimeOffset now) => Html.Of($"""
        <p class="state" data-state="{view.Status}">{Headline(view, now)}</p>
        <p class="guidance">{Guidance.For(view, now)}</p>
        {Confirmations(view)}
        """);

    private static Html Confirmations(PublicPayment view)
    {
        if (view.Status is not ("Paid" or "Confirmed"))
            return Html.Nothing;
        // Past the required number more confirmations say nothing to a payer.
        var seen = Math.Min(view.Confirmations, view.Required);
        return Html.Of($"""
            <p class="confirmations"><span>Confirmations: {seen} of {view.Required}</span>
            <progress value="{seen}" max="{view.Required}" aria-hidden="true"></progress></p>
            """);
    }

    private static Html Clock(PublicPayment view, DateTimeOffset now)
    {
        if (!AsksForMoney(view, now))
            return Html.Nothing;
        var minutes = (int)Math.Ceiling((view.ExpiresAt - now).TotalMinutes);
        var end = view.ExpiresAt.UtcDateTime.ToString("d MMMM, HH:mm");
        return Html.Of($"""
            <p class="clock"><span>Pay before <time datetime="{Rfc3339.Format(view.ExpiresAt)}">{end} UTC</time></span>
            <span class="left" data-countdown="{Rfc3339.Format(view.ExpiresAt)}">{minutes} min left</span></p>
            """);
    }

    private static Html Instructions(PublicPayment view, DateTimeOffset now)
    {
        if (!AsksForMoney(view, now))
            return Html.Nothing;
        var due = view.Outcome is "partial" ? view.Missing : view.Amount;
        return Html.Of($"""
            <section class="pay" aria-labelledby="pay-title">
            <h2 id="pay-title">Send <em>{due} {view.Currency}</em> on <em>{view.NetworkName}</em></h2>
            <dl class="copyable">
            {Copyable("Amount", $"{due} {view.Currency}", due, "amount")}
            {Copyable("Address", view.Address, view.Address, "address")}
            {Contract(view)}
            </dl>
            <p class="warning">Only {view.Currency} on {view.NetworkName}. Anything else sent here may be lost.</p>
            <div class="codes">{Code("Address", view.Address, "the address")}{PaymentCode(view)}</div>
            </section>
            """);
    }

    private static Html Contract(PublicPayment view) => view.Contract is { } contract
        ? Copyable($"{view.Currency} token contract", contract, contract, "contract")
        : Html.Nothing;

    private static Html Copyable(string name, string shown, string value, string kind) => Html.Of($"""
        <div><dt>{name}</dt><dd><code>{shown}</code>
        <button type="button" class="copy" data-copy="{value}" aria-label="Copy the {kind}">Copy</button></dd></div>
        """);

    /// <summary>
    /// The URI asks for the whole amount, so a payer who has sent a part gets the plain address only.
    /// </summary>
    private static Html PaymentCode(PublicPayment view) => view.Outcome is "partial" || view.PaymentUri == view.Address
        ? Html.Nothing
        : Code("Address and amount", view.PaymentUri, "the payment, for wallets that read payment links");

    private static Html Code(string caption, string content, string what) => Html.Of($"""
        <figure>{QrCode.Of(content, $"QR code of {what}")}<figcaption>{caption}</figcaption></figure>
        """);

    private static Html Facts(PublicPayment view)
    {
        if (view.Transfers.Count == 0 && view.Received is "0")
            return Html.Nothing;
        // What a tolerance or the merchant forgave is no longer missed once the payment counts as paid.
        var missing = view.Missing is "0" || view.Status is "Paid" or "Confirmed"
            ? Html.Nothing
            : Html.Of($"<div><dt>Missing</dt><dd>{view.Missing} {view.Currency}</dd></div>");
        return Html.Of($"""
            <section class="facts" aria-labelledby="facts-title">
            <h2 id="facts-title">Received</h2>
            <dl><div><dt>Received</dt><dd>{view.Received} of {view.Amount} {view.Currency}</dd></div>{missing}</dl>
            <ul>{Html.Join(view.Transfers.Select(transfer => Transfer(view, transfer)))}</ul>
            </section>
            """);
    }

    private static Html Transfer(PublicPayment view, PublicTransfer transfer)
    {
        var hash = Html.Of($"<code>{transfer.TxHash}</code>");
        if (Html.LinkTo(transfer.ExplorerUrl) is { } explorer)
            hash = Html.Of($"""<a href="{explorer}" rel="noopener noreferrer nofollow">{hash}</a>""");
        return Html.Of($"<li><span>{transfer.Amount} {view.Currency}</span> {hash}</li>");
    }

    private static Html Return(PublicPayment view) =>
        view.Status is "Confirmed" && Html.LinkTo(view.ReturnUrl) is { } link
            ? Html.Of($"""<p><a class="return" href="{link}" rel="noreferrer">Back to {view.Merchant}</a></p>""")
            : Html.Nothing;

    private static Html Footer(PublicPayment view) => view.Status is "Confirmed"
        ? Html.Of($"You may close this page.")
        : Html.Of($"This page follows the payment by itself. You may close it and come back.");

    private static bool AsksForMoney(PublicPayment view, DateTimeOffset now) =>
        view.Status is "Pending" && !Guidance.IsTimeOver(view, now);
}
