using Kobbopay.Contracts;
using Kobbopay.PublicStatus.Languages;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.PublicStatus.Page;

/// <summary>
/// A payment as the payer's page. Elements marked <c>data-live</c> are those whose content changes: the script fetches
/// the page again when there is news and swaps these, so that there is one rendering, this one.
/// </summary>
internal static class PaymentMarkup
{
    public static Html Page(PublicPayment view, DateTimeOffset now, Language language)
    {
        var words = new Words(language, view);
        var texts = language.Texts;
        return PageFrame.Of(
            $"{Headline(words, now)} · {view.Amount} {view.Currency} · {view.Merchant}",
            language,
            reloads: view.Status is not "Confirmed",
            Html.Of($"""
                <header>{TestBanner(words)}
                <p class="top">{words.Of(texts.PaymentTo, name => Html.Of(
                    $"<strong><bdi>{PaymentValues.Of(name, view)}</bdi></strong>"))}</p></header>
                <main class="card" data-payment
                data-server-time="{Rfc3339.Format(now)}" data-etag="{ReadStatus.ETagOf(view, now, language)}"
                data-copied="{texts.Copied}" data-selected="{texts.Selected}">
                <h1><span class="amount">{words.Money(view.Amount)}</span>
                <span class="rail">{words.Of(texts.OnNetwork)}</span></h1>
                <section class="status" aria-labelledby="status-title">
                <h2 id="status-title" class="hidden">{texts.Status}</h2>
                <div role="status" aria-live="polite" data-live="status">{Status(words, now)}</div>
                <div data-live="clock">{Clock(words, now)}</div>
                </section>
                <div data-live="instructions">{PaymentInstructions.For(words, now)}</div>
                <div data-live="facts">{Facts(words)}</div>
                <div data-live="return">{Return(words)}</div>
                </main>
                <footer><p data-live="footer">{Footer(words)}</p>
                <p class="offline" role="status" data-offline hidden>{texts.Offline}</p></footer>
                """));
    }

    private static Html TestBanner(Words words) => words.View.Environment is MerchantEnvironments.Live
        ? Html.Nothing
        : Html.Of($"""
            <p class="test" role="note"><strong>{words.Texts.Test}</strong> {words.Texts.TestNote}</p>
            """);

    private static string Headline(Words words, DateTimeOffset now)
    {
        var texts = words.Texts;
        return words.View.Status switch
        {
            "Pending" when Guidance.IsTimeOver(words.View, now) => texts.HeadTimeOver,
            "Pending" when Guidance.IsReverted(words.View) => texts.HeadReverted,
            "Pending" => words.View.Outcome is "partial" ? texts.HeadPartial : texts.HeadWaiting,
            "Paid" => texts.HeadPaid,
            "Confirmed" when words.View.Setback is PaymentSetbacks.FinalityViolated => texts.HeadReverted,
            "Confirmed" => texts.HeadConfirmed,
            "Canceled" => texts.HeadCanceled,
            "Expired" => texts.HeadExpired,
            var other => other,
        };
    }

    private static Html Status(Words words, DateTimeOffset now)
    {
        var view = words.View;
        var setback = view.Setback is null ? Html.Nothing : Html.Of($" data-setback");
        return Html.Of($"""
            <p class="state" data-state="{view.Status}"{setback}>{Headline(words, now)}</p>
            <p class="guidance">{Guidance.For(view, now, words.Language)}</p>
            {Confirmations(words)}
            """);
    }

    private static Html Confirmations(Words words)
    {
        var view = words.View;
        if (view.Status is not ("Paid" or "Confirmed") || view.Setback is not null)
            return Html.Nothing;
        // Past the required number more confirmations say nothing to a payer.
        var seen = Math.Min(view.Confirmations, view.Required);
        var text = words.Of(
            words.Texts.Confirmations, name => Html.Of($"{(name is "seen" ? seen : view.Required)}"));
        return Html.Of($"""
            <p class="confirmations"><span>{text}</span>
            <progress value="{seen}" max="{view.Required}" aria-hidden="true"></progress></p>
            """);
    }

    private static Html Clock(Words words, DateTimeOffset now)
    {
        var view = words.View;
        if (!PaymentInstructions.AsksForMoney(view, now))
            return Html.Nothing;
        var end = Rfc3339.Format(view.ExpiresAt);
        var before = words.Of(words.Texts.PayBefore, name => Html.Of(
            $"""<time datetime="{end}"><bdi>{PaymentValues.Of(name, view)}</bdi></time>"""));
        var minutes = (int)Math.Ceiling((view.ExpiresAt - now).TotalMinutes);
        var left = words.Texts.Left.Fill(
            _ => words.Language.Isolate(words.Texts.Minutes.Fill(_ => minutes.ToString())));
        return Html.Of($"""
            <p class="clock"><span>{before}</span>
            <span class="left" data-countdown="{end}" data-pattern="{words.Texts.Left.ToString()}">{left}</span></p>
            """);
    }

    private static Html Facts(Words words)
    {
        var view = words.View;
        var texts = words.Texts;
        if (view.Transfers.Count == 0 && view.Received is "0")
            return Html.Nothing;
        // What a tolerance or the merchant forgave is no longer missed once the payment counts as paid.
        var missing = view.Missing is "0" || view.Status is "Paid" or "Confirmed"
            ? Html.Nothing
            : Html.Of($"<div><dt>{texts.Missing}</dt><dd>{words.Money(view.Missing)}</dd></div>");
        var received = words.Of(texts.ReceivedOf, name => name is "received" ? Words.Isolated(view.Received) : null);
        return Html.Of($"""
            <section class="facts" aria-labelledby="facts-title">
            <h2 id="facts-title">{texts.Received}</h2>
            <dl><div><dt>{texts.Received}</dt><dd>{received}</dd></div>{missing}</dl>
            <ul>{Html.Join(view.Transfers.Select(transfer => Transfer(words, transfer)))}</ul>
            </section>
            """);
    }

    private static Html Transfer(Words words, PublicTransfer transfer)
    {
        var hash = Html.Of($"""<code dir="ltr">{transfer.TxHash}</code>""");
        if (Html.LinkTo(transfer.ExplorerUrl) is { } explorer)
            hash = Html.Of($"""<a href="{explorer}" rel="noopener noreferrer nofollow">{hash}</a>""");
        return Html.Of($"<li><span>{words.Money(transfer.Amount)}</span> {hash}</li>");
    }

    private static Html Return(Words words) =>
        words.View is { Status: "Confirmed", Setback: null } && Html.LinkTo(words.View.ReturnUrl) is { } link
            ? Html.Of($"""<p><a class="return" href="{link}" rel="noreferrer">{words.Of(words.Texts.Back)}</a></p>""")
            : Html.Nothing;

    private static string Footer(Words words) =>
        words.View.Status is "Confirmed" ? words.Texts.MayClose : words.Texts.Follows;
}
