using Kobbopay.Contracts;

namespace Kobbopay.UnitTests.PublicStatus;

/// <summary>A view to start from; tests change what they are about.</summary>
internal static class Views
{
    public static readonly DateTimeOffset Now = new(2026, 5, 4, 10, 0, 0, TimeSpan.Zero);

    public static PublicPayment Pending { get; } = new(
        "pst_0123456789abcdefghjkmnpqrs",
        Version: 1,
        Progress: 0,
        Environment: "test",
        Merchant: "Tea & Toast",
        Amount: "10.5",
        Currency: "USDT",
        Network: "example-network",
        NetworkName: "Example Network",
        Contract: null,
        Address: "ex1q0c3xk7w2m9v5t8r4p6n1l3j5h7g9f2d4s6a8",
        PaymentUri: "example:ex1q0c3xk7w2m9v5t8r4p6n1l3j5h7g9f2d4s6a8?amount=10.5",
        Status: "Pending",
        Outcome: "none",
        Late: false,
        Received: "0",
        Missing: "10.5",
        Confirmations: 0,
        Required: 3,
        Delayed: false,
        ExpiresAt: Now.AddHours(1),
        ReturnUrl: "https://shop.example/orders?a=1&b=2",
        Transfers: []);
}
