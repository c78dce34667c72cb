using System.Text;
using Kobbopay.Contracts;

namespace Kobbopay.Webhooks.Certification;

/// <summary>
/// An event as the receiver will get them (contracts.md, section 3), of a payment that does not exist. It has no
/// sequence: it is in no feed, and must not stand in the way of one that is.
/// </summary>
internal sealed record SampleEvent(Guid Id, Guid DeliveryId, byte[] Body)
{
    private const string Amount = "\"amount\":\"10.5\"";

    /// <summary>As long as the signed one, and as well-formed.</summary>
    private const string OtherAmount = "\"amount\":\"99.5\"";

    /// <param name="version">2 is paid, 3 confirmed.</param>
    public static SampleEvent Make(Guid payment, int version, string orderId, DateTimeOffset now)
    {
        var id = Contracts.Id.New(now);
        return new SampleEvent(
            id, Contracts.Id.New(now), Encoding.UTF8.GetBytes(Render(id, payment, version, orderId, now)));
    }

    /// <summary>Somebody on the way has changed what was signed.</summary>
    public SampleEvent Altered() => this with
    {
        Body = Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(Body).Replace(Amount, OtherAmount, StringComparison.Ordinal)),
    };

    private static string Render(Guid id, Guid payment, int version, string orderId, DateTimeOffset now)
    {
        const string Address = "0xce57000000000000000000000000000000000000";
        const string Hash = "0xce57000000000000000000000000000000000000000000000000000000000000";
        var confirmed = version > 2;
        var (type, status, before) = confirmed
            ? ("payment.confirmed", "Confirmed", "Paid")
            : ("payment.paid", "Paid", "Pending");
        var (confirmations, final) = confirmed ? (3, "10.5") : (1, "0");
        var paymentId = Contracts.Id.Format(Contracts.Id.Payment, payment);
        var transferId = Contracts.Id.Format(Contracts.Id.Transfer, payment);
        var (time, created, expires) = (Text(now), Text(now.AddMinutes(-5)), Text(now.AddMinutes(55)));
        var fulfilment = confirmed ? ("fulfil", "confirmed") : ("wait", "awaiting_confirmations");
        var confirmedAt = confirmed ? $"\"{time}\"" : "null";
        return
            $$"""
            {"id":"{{Contracts.Id.Format(Contracts.Id.Event, id)}}","type":"{{type}}","apiVersion":"v1",
            "environment":"{{MerchantEnvironments.Test}}","sequence":null,"createdAt":"{{time}}","object":"payment",
            "payment_id":"{{paymentId}}","orderId":"{{orderId}}","version":{{version}},"status":"{{status}}",
            "previousStatus":"{{before}}","transition":"{{before}}->{{status}}","data":{"payment":{
            "payment_id":"{{paymentId}}","environment":"{{MerchantEnvironments.Test}}","status":"{{status}}",
            "outcome":"exact","late":false,{{Amount}},"currency":"USDT","network":"example-network",
            "asset":{"contract":null,"decimals":6},"orderId":"{{orderId}}","description":null,
            "depositAddress":"{{Address}}","addressPath":"0/0","xpubFingerprint":null,
            "paymentUri":"example-network:{{Address}}?amount=10.5&currency=USDT","amountReceived":"10.5",
            "amountConfirmed":"{{final}}","amountDue":"10.5","confirmations":{{confirmations}},
            "requiredConfirmations":3,"transfers":[{"id":"{{transferId}}","txHash":"{{Hash}}","amount":"10.5",
            "blockNumber":1,"blockHash":"{{Hash}}","confirmations":{{confirmations}},"onTime":true}],"transferCount":1,
            "publicStatusUrl":"https://certification.invalid/pay/pst_certification","returnUrl":null,"webhookUrl":null,
            "metadata":{},"version":{{version}},
            "fulfilment":{"decision":"{{fulfilment.Item1}}","reason":"{{fulfilment.Item2}}"},
            "detection":{"delayed":false},"createdAt":"{{created}}","expiresAt":"{{expires}}","paidAt":"{{time}}",
            "confirmedAt":{{confirmedAt}}
            }
            }
            }
            """.ReplaceLineEndings(string.Empty);
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
}
