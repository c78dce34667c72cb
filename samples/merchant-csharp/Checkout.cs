using System.Globalization;
using Kobbopay.Client;

namespace Kobbopay.Samples.Merchant;

/// <summary>
/// Takes an order and asks Kobbopay for its payment. The order is the shop's before Kobbopay hears of it; should the
/// shop die in between, asking again for the same order id finds the same payment.
/// </summary>
internal sealed class Checkout(ShopDatabase shop, KobbopayClient kobbopay, TimeProvider clock)
{
    private const string Currency = "USDT";
    private const string Network = "example-network";

    private static readonly Dictionary<string, string> Prices = new(StringComparer.Ordinal)
    {
        ["tea"] = "10.5",
        ["toast"] = "3.25",
    };

    /// <summary>Null for what the shop does not sell.</summary>
    public async Task<Order?> BuyAsync(string item, CancellationToken cancellation)
    {
        if (!Prices.TryGetValue(item, out var amount))
            return null;
        var id = Guid.CreateVersion7(clock.GetUtcNow()).ToString("n");
        using var connection = shop.Open();
        connection.Execute(
            "insert into orders (id, item, amount, created_at) values ($id, $item, $amount, $now)",
            ("$id", id), ("$item", item), ("$amount", amount),
            ("$now", clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture)));
        return await PayAsync(id, cancellation);
    }

    /// <summary>Also for an order whose payment has expired: it gets a new one. Null for an order that is none.</summary>
    public async Task<Order?> PayAsync(string id, CancellationToken cancellation)
    {
        using var connection = shop.Open();
        if (Order.Find(connection, id) is not { } order)
            return null;
        Payment payment = await kobbopay.Payments.CreateAsync(
            new CreatePaymentRequest
            {
                Amount = order.Amount,
                Currency = Currency,
                Network = Network,
                OrderId = order.Id,
                Description = order.Item,
            },
            cancellationToken: cancellation);
        // The first event may have been here before this line: a payment that is known keeps what is known of it.
        connection.Execute(
            """
            update orders set payment_id = $payment, pay_url = $url, status = $status, payment_version = $version,
              decision = $decision
            where id = $id and payment_id is not $payment
            """,
            ("$id", id), ("$payment", payment.PaymentId), ("$url", payment.PublicStatusUrl.ToString()),
            ("$status", payment.Status), ("$version", payment.Version), ("$decision", payment.Fulfilment.Decision));
        return Order.Find(connection, id);
    }
}
