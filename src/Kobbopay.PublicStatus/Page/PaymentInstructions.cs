using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.PublicStatus.Page;

/// <summary>
/// What to send, and where: shown only while money is asked for, since an address that is still on the page gets paid.
/// </summary>
internal static class PaymentInstructions
{
    public static bool AsksForMoney(PublicPayment view, DateTimeOffset now) =>
        view.Status is "Pending" && !Guidance.IsTimeOver(view, now);

    public static Html For(Words words, DateTimeOffset now)
    {
        var view = words.View;
        var texts = words.Texts;
        if (!AsksForMoney(view, now))
            return Html.Nothing;
        var due = view.Outcome is "partial" ? view.Missing : view.Amount;
        var title = words.Of(texts.Send, name => Html.Of(
            $"<em><bdi>{(name is "amount" ? $"{due} {view.Currency}" : view.NetworkName)}</bdi></em>"));
        return Html.Of($"""
            <section class="pay" aria-labelledby="pay-title">
            <h2 id="pay-title">{title}</h2>
            <dl class="copyable">
            {Copyable(words, texts.Amount, $"{due} {view.Currency}", due, texts.CopyAmount)}
            {Copyable(words, texts.Address, view.Address, view.Address, texts.CopyAddress)}
            {Contract(words)}
            </dl>
            <p class="warning">{words.Of(texts.Warning)}</p>
            <div class="codes">{Code(texts.Address, view.Address, texts.CodeOfAddress)}{PaymentCode(words)}</div>
            </section>
            """);
    }

    private static Html Contract(Words words) => words.View.Contract is { } contract
        ? Copyable(words, words.Plain(words.Texts.Contract), contract, contract, words.Texts.CopyContract)
        : Html.Nothing;

    private static Html Copyable(Words words, string name, string shown, string value, string action) => Html.Of($"""
        <div><dt>{name}</dt><dd><code dir="ltr">{shown}</code>
        <button type="button" class="copy" data-copy="{value}"
        aria-label="{action}">{words.Texts.Copy}</button></dd></div>
        """);

    /// <summary>
    /// The URI asks for the whole amount, so a payer who has sent a part gets the plain address only.
    /// </summary>
    private static Html PaymentCode(Words words) =>
        words.View.Outcome is "partial" || words.View.PaymentUri == words.View.Address
            ? Html.Nothing
            : Code(words.Texts.AddressAndAmount, words.View.PaymentUri, words.Texts.CodeOfPayment);

    private static Html Code(string caption, string content, string label) => Html.Of($"""
        <figure>{QrCode.Of(content, label)}<figcaption>{caption}</figcaption></figure>
        """);
}
