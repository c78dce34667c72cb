using Kobbopay.Client;
using Kobbopay.IntegrationTests.Whole;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Sdk;

/// <summary>A new merchant of the whole system, with clients of its keys.</summary>
internal sealed record SdkMerchant(WholeKobbopay System, WholeMerchant Merchant)
{
    public const string Network = "example-network";

    public KobbopayClient Test => ClientOf(System, Merchant.TestKey);

    public KobbopayClient Live => ClientOf(System, Merchant.LiveKey);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<SdkMerchant> OfAsync(WholeKobbopay system) =>
        new(system, await system.AddMerchantAsync());

    public static KobbopayClient ClientOf(WholeKobbopay system, string? key) =>
        new(system.Http, new KobbopayClientOptions { ApiKey = key });

    public static CreatePaymentRequest Order(string id, string amount = "10.5") => new()
    {
        Amount = amount,
        Currency = "USDT",
        Network = Network,
        OrderId = id,
    };

    /// <summary>Pays and confirms a new payment.</summary>
    public async Task<Payment> ConfirmedAsync(string orderId)
    {
        var client = Test;
        Payment payment = await client.Payments.CreateAsync(Order(orderId), cancellationToken: Token);
        await SdkExamples.PlayAsync(client, payment);
        return await Eventually.GetAsync(
            () => client.Payments.GetAsync(payment.PaymentId, Token), one => one.Status == PaymentStatuses.Confirmed);
    }
}
