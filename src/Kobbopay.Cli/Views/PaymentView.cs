using Kobbopay.Client;
using Spectre.Console;

namespace Kobbopay.Cli.Views;

/// <summary>Payments as people read them.</summary>
internal static class PaymentView
{
    public static Grid Of(Payment payment) => Sheet.Facts(
        ("payment", payment.PaymentId),
        ("environment", EnvironmentOf(payment.Environment)),
        ("status", StatusOf(payment)),
        ("amount", $"{payment.Amount} {payment.Currency} on {payment.Network}"),
        ("received", ReceivedOf(payment)),
        ("confirmations", ConfirmationsOf(payment)),
        ("fulfilment", $"{payment.Fulfilment.Decision} ({payment.Fulfilment.Reason})"),
        ("order", payment.OrderId),
        ("description", payment.Description),
        ("address", payment.DepositAddress),
        ("page", payment.PublicStatusUrl),
        ("created", Sheet.Time(payment.CreatedAt)),
        ("expires", Sheet.Time(payment.ExpiresAt)),
        ("paid", Sheet.Time(payment.PaidAt)),
        ("confirmed", Sheet.Time(payment.ConfirmedAt)));

    public static Table Of(IEnumerable<Payment> payments)
    {
        var table = Sheet.Of("PAYMENT", "STATUS", "AMOUNT", "CURRENCY", "NETWORK", "ORDER", "CREATED");
        foreach (var one in payments)
        {
            table.With(
                one.PaymentId, StatusOf(one), one.Amount.ToString(), one.Currency, one.Network, one.OrderId,
                Sheet.Time(one.CreatedAt));
        }

        return table;
    }

    /// <summary>One line of what may change.</summary>
    public static string Progress(Payment payment) =>
        $"{StatusOf(payment)}, {ConfirmationsOf(payment)}, received {ReceivedOf(payment)}"
        + (payment.Detection.Delayed ? ", the network is delayed" : string.Empty);

    public static string EnvironmentOf(string environment) => environment == "live" ? "LIVE" : environment;

    private static string StatusOf(Payment payment) =>
        payment.Status
        + (payment.Outcome is PaymentOutcomes.None or PaymentOutcomes.Exact ? "" : $" ({payment.Outcome})")
        + (payment.Late ? " late" : "");

    private static string ConfirmationsOf(Payment payment) =>
        $"{payment.Confirmations} of {payment.RequiredConfirmations} confirmations";

    private static string ReceivedOf(Payment payment) =>
        $"{payment.AmountReceived} of {payment.Amount} {payment.Currency}"
        + (MissingOf(payment) is { } missing ? $", {missing} missing" : string.Empty);

    private static string? MissingOf(Payment payment) =>
        payment.AmountReceived < payment.AmountDue && payment.AmountReceived > Amount.Zero
        && payment.AmountDue.TryToDecimal(out var due) && payment.AmountReceived.TryToDecimal(out var received)
            ? ((Amount)(due - received)).ToString() : null;
}
