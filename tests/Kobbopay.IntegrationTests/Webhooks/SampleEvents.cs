using System.Text;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>Payment events as Payments publishes them.</summary>
internal static class SampleEvents
{
    public static PaymentChanged Make(
        MerchantIdentity merchant, long sequence, string type, Guid? payment, int version, string? webhookUrl,
        string? traceParent)
    {
        var id = Id.New(TimeProvider.System);
        var paymentId = payment ?? Id.New(TimeProvider.System);
        // Spaces and an unescaped letter: bytes that no serializer would make again by itself.
        var body = $$"""
            {"id": "{{Id.Format(Id.Event, id)}}",  "type":"{{type}}", "sequence": {{sequence}}, "orderId": "Größe",
             "payment_id": "{{Id.Format(Id.Payment, paymentId)}}", "version": {{version}} }
            """;
        return new PaymentChanged(
            id, merchant.MerchantId, merchant.Environment, sequence, type, TimeProvider.System.GetUtcNow(),
            Encoding.UTF8.GetBytes(body), new ChangedPayment(paymentId, version, View(merchant, version), webhookUrl),
            traceParent);
    }

    private static PublicPayment View(MerchantIdentity merchant, int version) => new(
        "pst_sample", version, Progress: 0, merchant.Environment, "Sample", "10.5", "USDT", "example-network",
        "Example",
        Contract: null, "address", "uri", "Paid", "exact", Late: false, "10.5", "0", Confirmations: 1, Required: 3,
        Delayed: false, TimeProvider.System.GetUtcNow(), ReturnUrl: null, []);
}
