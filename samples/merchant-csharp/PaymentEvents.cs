using System.Globalization;
using Kobbopay.Client;
using Microsoft.Data.Sqlite;

namespace Kobbopay.Samples.Merchant;

/// <summary>
/// What the shop does with an event, whether a webhook or the feed brought it: both may bring it, more than once and in
/// any order. The inbox takes each event once; the payment's version lets nothing older overwrite what is newer; and
/// one order is shipped once. All of it is one transaction, so that a crash leaves either everything or nothing.
/// </summary>
internal sealed partial class PaymentEvents(ShopDatabase shop, TimeProvider clock, ILogger<PaymentEvents> logger)
{
    /// <summary>False when the event had been taken before.</summary>
    /// <param name="cursor">Where the reader of the feed is with this event; null for a webhook.</param>
    public bool Take(KobbopayEvent one, long? cursor = null)
    {
        var now = clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
        using var connection = shop.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        var isNew = connection.Execute(
            "insert into inbox (event_id, taken_at) values ($id, $now) on conflict do nothing",
            ("$id", one.Id), ("$now", now)) == 1;
        var ships = isNew && one.ReadPayment() is { } payment && Apply(connection, payment, now);
        if (cursor is { } sequence)
        {
            connection.Execute(
                """
                insert into feed_cursor (one, sequence) values (1, $sequence)
                on conflict (one) do update set sequence = excluded.sequence
                """,
                ("$sequence", sequence));
        }

        transaction.Commit();
        if (ships)
            LogShips(one.OrderId);
        return isNew;
    }

    /// <summary>
    /// Whether the order is to be shipped now: Kobbopay says so of the newest version of its payment, and it has not
    /// been shipped.
    /// </summary>
    private static bool Apply(SqliteConnection connection, Payment payment, string now)
    {
        var isNewest = connection.Execute(
            """
            update orders set payment_id = $payment, pay_url = $url, status = $status, payment_version = $version,
              decision = $decision
            where id = $order and (payment_id is null or payment_id = $payment) and payment_version < $version
            """,
            ("$order", payment.OrderId), ("$payment", payment.PaymentId),
            ("$url", payment.PublicStatusUrl.ToString()), ("$status", payment.Status),
            ("$version", payment.Version), ("$decision", payment.Fulfilment.Decision)) == 1;
        return isNewest && payment.Fulfilment.Decision == FulfilmentDecisions.Fulfil && connection.Execute(
            "update orders set shipped_at = $now where id = $order and shipped_at is null",
            ("$order", payment.OrderId), ("$now", now)) == 1;
    }

    [LoggerMessage(LogLevel.Information, "ship {Order}")]
    private partial void LogShips(string? order);
}
