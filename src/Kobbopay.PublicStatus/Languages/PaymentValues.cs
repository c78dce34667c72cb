using Kobbopay.Contracts;

namespace Kobbopay.PublicStatus.Languages;

/// <summary>What the names in the texts' braces stand for: the same words in every language.</summary>
internal static class PaymentValues
{
    public static string Of(string name, PublicPayment view) => name switch
    {
        "amount" => Money(view, view.Amount),
        "received" => Money(view, view.Received),
        "missing" => Money(view, view.Missing),
        "currency" => view.Currency,
        "network" => view.NetworkName,
        "merchant" => view.Merchant,
        "status" => view.Status,
        "until" => Until(view),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No text has such a value."),
    };

    public static string Money(PublicPayment view, string amount) => $"{amount} {view.Currency}";

    /// <summary>The minute in which the time to pay ends.</summary>
    public static string Until(PublicPayment view) => view.ExpiresAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'");
}
