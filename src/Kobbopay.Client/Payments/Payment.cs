using System.Text.Json.Serialization;

namespace Kobbopay.Client;

/// <summary>A payment as it stood at one moment. Paid (seen on the chain) and Confirmed (final) are never the same;
/// hand over goods by <see cref="Fulfilment"/>.</summary>
public sealed record Payment
{
    /// <summary>The payment's id, <c>pay_...</c>.</summary>
    [JsonPropertyName("payment_id")]
    public required string PaymentId { get; init; }

    /// <summary><c>test</c> or <c>live</c>: nothing of <c>test</c> is money.</summary>
    public required string Environment { get; init; }

    /// <summary>One of <see cref="PaymentStatuses"/>, or one that came later.</summary>
    public required string Status { get; init; }

    /// <summary>One of <see cref="PaymentOutcomes"/>: what was received, compared with what was asked for.</summary>
    public required string Outcome { get; init; }

    /// <summary>Whether the money came after the window and was accepted nevertheless.</summary>
    public required bool Late { get; init; }

    /// <summary>What the payment asks for.</summary>
    public required Amount Amount { get; init; }

    /// <summary>The currency's code, such as <c>USDT</c>.</summary>
    public required string Currency { get; init; }

    /// <summary>The network's name, such as <c>example-network</c>.</summary>
    public required string Network { get; init; }

    /// <summary>What the currency is on that network.</summary>
    public required PaymentAsset Asset { get; init; }

    /// <summary>The merchant's own order id.</summary>
    public required string OrderId { get; init; }

    /// <summary>The merchant's own words.</summary>
    public string? Description { get; init; }

    /// <summary>Where the payer sends the money; this payment's alone.</summary>
    public required string DepositAddress { get; init; }

    /// <summary>The derivation path of the address, below the merchant's extended public key.</summary>
    public required string AddressPath { get; init; }

    /// <summary>Which extended public key the address comes from; null on the simulated network.</summary>
    public string? XpubFingerprint { get; init; }

    /// <summary>The same as a link that wallets open.</summary>
    public required string PaymentUri { get; init; }

    /// <summary>What has been seen on the chain.</summary>
    public required Amount AmountReceived { get; init; }

    /// <summary>The part of it that has its confirmations.</summary>
    public required Amount AmountConfirmed { get; init; }

    /// <summary>What counts as paid: the amount less the tolerance, or what was accepted.</summary>
    public required Amount AmountDue { get; init; }

    /// <summary>How many the payment has, of those it needs.</summary>
    public required int Confirmations { get; init; }

    /// <summary>How many it needs to be Confirmed.</summary>
    public required int RequiredConfirmations { get; init; }

    /// <summary>The newest 20; <see cref="PaymentsClient.ListTransfersAsync"/> has all.</summary>
    public required IReadOnlyList<PaymentTransfer> Transfers { get; init; }

    /// <summary>How many there are.</summary>
    public required int TransferCount { get; init; }

    /// <summary>The page to show to the payer.</summary>
    public required string PublicStatusUrl { get; init; }

    /// <summary>Where the payer's page leads back to.</summary>
    public string? ReturnUrl { get; init; }

    /// <summary>Where this payment's webhooks go instead of the endpoint's own URL.</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>The merchant's own pairs.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Rises with each event of the payment: drop what is older than what you have.</summary>
    public required int Version { get; init; }

    /// <summary>Whether to hand over the goods, and why.</summary>
    public required Fulfilment Fulfilment { get; init; }

    /// <summary>Whether what watches the chain keeps up.</summary>
    public required PaymentDetection Detection { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until when a transfer is on time.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it became Paid; null before.</summary>
    public DateTimeOffset? PaidAt { get; init; }

    /// <summary>When it became Confirmed; null before.</summary>
    public DateTimeOffset? ConfirmedAt { get; init; }
}
