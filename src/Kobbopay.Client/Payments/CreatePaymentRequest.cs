namespace Kobbopay.Client;

/// <summary>A payment to be made.</summary>
public sealed record CreatePaymentRequest
{
    /// <summary>What to ask for: a decimal number, an integer or a text, exact in each case. Never rounded: more
    /// decimals than the currency has are refused.</summary>
    public required Amount Amount { get; init; }

    /// <summary>The currency's code, such as <c>USDT</c>.</summary>
    public required string Currency { get; init; }

    /// <summary>The network's name; <see cref="RailsClient.ListAsync"/> tells what there is.</summary>
    public required string Network { get; init; }

    /// <summary>The merchant's own order id. While it has an open payment of the same amount, currency and network,
    /// that one is answered (<see cref="KobbopayResult{T}.OrderReplayed"/>).</summary>
    public required string OrderId { get; init; }

    /// <summary>The merchant's own words, up to 500 characters.</summary>
    public string? Description { get; init; }

    /// <summary>The merchant's own pairs: up to 20, of 40 and 500 characters.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Seconds that it is open: 300 to 604,800.</summary>
    public int? ExpiresIn { get; init; }

    /// <summary>Where the payer's page leads back to.</summary>
    public string? ReturnUrl { get; init; }

    /// <summary>Where this payment's webhooks go instead of the endpoint's own URL.</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>Test only: a script to play, one of <see cref="SandboxScenarios"/>.</summary>
    public string? Scenario { get; init; }
}
