using Kobbopay.Payments.Domain;

namespace Kobbopay.Payments;

/// <summary>
/// A payment as it is stored: what was asked for, where its life stands, and how far the public view has got.
/// </summary>
/// <param name="Progress">Grows when confirmations or delay change without a version.</param>
/// <param name="Delayed">Its chain is, and it is open.</param>
public sealed record PaymentRecord(PaymentDetails Details, Payment State, int Progress, bool Delayed)
{
    /// <summary>What is closed waits for nothing that the chain might show, so it is never delayed.</summary>
    public static bool ShowsDelay(Payment state) => state.Status is PaymentStatus.Pending or PaymentStatus.Paid;
}

/// <summary>What never changes after creation and is no business of the lifecycle.</summary>
public sealed record PaymentDetails
{
    public required Guid Id { get; init; }

    public required Guid MerchantId { get; init; }

    public required string Environment { get; init; }

    public required string Currency { get; init; }

    public required string Network { get; init; }

    /// <summary>The scanner's unit of work that watches this payment's address.</summary>
    public required string Chain { get; init; }

    public required string? Contract { get; init; }

    /// <summary>Decimals of the asset on this network: what turns base units into <c>10.5</c>.</summary>
    public required int Decimals { get; init; }

    public required string OrderId { get; init; }

    public string? Description { get; init; }

    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    public string? ReturnUrl { get; init; }

    public string? WebhookUrl { get; init; }

    public required string DepositAddress { get; init; }

    public required string AddressPath { get; init; }

    public required string? XpubFingerprint { get; init; }

    public required string PaymentUri { get; init; }

    /// <summary><c>pst_</c> and 160 random bits, unrelated to any id.</summary>
    public required string PublicToken { get; init; }
}
