using System.Globalization;

namespace Kobbopay.UnitTests.Sdk;

/// <summary>Answers as the server gives them.</summary>
internal static class Samples
{
    /// <param name="more">Further fields, each with a comma in front.</param>
    public static string Payment(string id = "pay_1", string status = "Pending", string more = "") =>
        $$"""
        {"payment_id":"{{id}}","environment":"test","status":"{{status}}","outcome":"none","late":false,
         "amount":"10.5","currency":"USDT","network":"example-network","asset":{"contract":null,"decimals":6},
         "orderId":"order-1","description":null,"depositAddress":"sim1q","addressPath":"0/17","xpubFingerprint":null,
         "paymentUri":"example:sim1q","amountReceived":"0","amountConfirmed":"0","amountDue":"10.5",
         "confirmations":0,"requiredConfirmations":3,"transfers":[],"transferCount":0,
         "publicStatusUrl":"https://pay.example.com/pay/pst_1","metadata":{"cart":"7"},"version":1,
         "fulfilment":{"decision":"wait","reason":"not_paid"},"detection":{"delayed":false},
         "createdAt":"2026-01-01T00:00:00.000Z","expiresAt":"2026-01-01T01:00:00.000Z",
         "paidAt":null,"confirmedAt":null{{more}}}
        """;

    public static string Event(long sequence, string type = "payment.paid") => string.Create(
        CultureInfo.InvariantCulture,
        $$$"""
        {"id":"evt_{{{sequence}}}","type":"{{{type}}}","apiVersion":"v1","environment":"test",
         "sequence":{{{sequence}}},"createdAt":"2026-01-01T00:00:00.000Z","object":"payment","payment_id":"pay_1",
         "version":2,"status":"Paid","data":{"payment":{{{Payment(status: "Paid")}}}}}
        """);

    /// <summary>A stream of a payment's public status, with a comment and an event of another kind.</summary>
    public static string Stream(string status, string id) =>
        "retry: 2000\n\n: still here\n\nevent: other\ndata: x\n\nid: " + id + "\nevent: status\ndata: "
        + """
        {"environment":"test","merchant":"Shop","amount":"1","currency":"USDT","network":"example-network",
        """
        + """
        "networkName":"Example","contract":null,"address":"sim1q","paymentUri":"example:sim1q","outcome":"none",
        """
        + """
        "late":false,"received":"0","missing":"1","confirmations":0,"required":3,"delayed":false,"guidance":"Pay.",
        """
        + """
        "expiresAt":"2026-01-01T01:00:00.000Z","serverTime":"2026-01-01T00:00:00.000Z","returnUrl":null,
        """
        + $$"""
        "transfers":[],"status":"{{status}}"}
        """
        + "\n\n";

    public static string Feed(long latest, bool more, params long[] sequences) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        {"data":[{{string.Join(',', sequences.Select(sequence => Event(sequence)))}}],
         "hasMore":{{(more ? "true" : "false")}},"latestSequence":{{latest}}}
        """);
}
