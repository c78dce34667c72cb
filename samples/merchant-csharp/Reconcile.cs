using System.Globalization;
using CsvHelper;
using Kobbopay.Client;

namespace Kobbopay.Samples.Merchant;

/// <summary>
/// Holds Kobbopay's report of a span of time against the shop's orders: each payment that became final is an order's,
/// of the amount that was asked, and has been shipped unless a person is to look at it.
/// </summary>
internal sealed class Reconcile(ShopDatabase shop, KobbopayClient kobbopay)
{
    /// <summary>What does not agree, in words; nothing when the books agree.</summary>
    public async Task<Reconciliation> RunAsync(
        DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation)
    {
        await using var report = await kobbopay.Reports.GetPaymentsCsvAsync(from, to, cancellationToken: cancellation);
        using var reader = new StreamReader(report);
        using var csv = new CsvReader(reader, CultureInfo.InvariantCulture);
        await csv.ReadAsync();
        csv.ReadHeader();

        var received = new Dictionary<(string PaymentId, string OrderId), decimal>();
        decimal? total = null;
        while (await csv.ReadAsync())
        {
            var amount = csv.GetField("amount") is { Length: > 0 } text
                ? decimal.Parse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture)
                : 0;
            if (csv.GetField("payment_id") is "TOTAL")
            {
                total = (total ?? 0) + amount;
                continue;
            }

            var payment = (csv.GetField("payment_id")!, csv.GetField("orderId")!);
            received[payment] = received.GetValueOrDefault(payment) + amount;
        }

        // A report that was cut off has no total.
        if (total is null && received.Count > 0)
            return new Reconciliation(received.Count, 0, ["The report is not whole."]);
        var differences = new List<string>();
        if (received.Values.Sum() != (total ?? 0))
            differences.Add($"The rows add up to {received.Values.Sum()}, their total says {total}.");
        using var connection = shop.Open();
        foreach (var ((payment, id), amount) in received)
        {
            if (Difference(Order.Find(connection, id), payment, id, amount) is { } difference)
                differences.Add(difference);
        }

        return new Reconciliation(received.Count, total ?? 0, differences);
    }

    private static string? Difference(Order? order, string payment, string id, decimal amount)
    {
        if (order is null || order.PaymentId != payment)
            return $"{payment} is of order {id}, which the shop does not know with it.";
        var price = decimal.Parse(order.Amount, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        if (amount != price)
            return $"Order {id} asked for {price} and got {amount}.";
        return order.ShippedAt is null && order.Decision == FulfilmentDecisions.Fulfil
            ? $"Order {id} is paid and was not shipped."
            : null;
    }
}

/// <param name="Payments">Payments in the report.</param>
internal sealed record Reconciliation(int Payments, decimal Total, IReadOnlyList<string> Differences);
