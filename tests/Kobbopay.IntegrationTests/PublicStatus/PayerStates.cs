using Kobbopay.Contracts;

namespace Kobbopay.IntegrationTests.PublicStatus;

/// <summary>Every state in which a payer may find a payment, by a name for people.</summary>
internal static class PayerStates
{
    private static readonly PublicTransfer Part = new(
        "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060",
        "https://scan.example/tx/0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060", "4", 1);

    private static readonly Dictionary<string, Func<PublicPayment, PublicPayment>> All = new(StringComparer.Ordinal)
    {
        ["waiting"] = view => view,
        ["waiting-live"] = view => view with { Environment = "live" },
        ["waiting-token-contract"] = view => view with
        {
            Contract = "0xdAC17F958D2ee523a2206206994597C13D831ec7",
            Address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
            PaymentUri = "ethereum:0xdAC17F958D2ee523a2206206994597C13D831ec7@1/transfer?"
                + "address=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266&uint256=10500000",
        },
        ["waiting-long"] = view => view with
        {
            Merchant = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
            Amount = "123456789012345678901234567890.123456789012345678",
            Missing = "123456789012345678901234567890.123456789012345678",
        },
        ["waiting-delayed"] = view => view with { Delayed = true },
        ["waiting-reverted"] = view => view with { Version = 3, Setback = PaymentSetbacks.Reverted },
        ["partial"] = Partly,
        ["partial-delayed"] = view => Partly(view) with { Delayed = true },
        ["time-over"] = view => view with { ExpiresAt = view.ExpiresAt.AddHours(-2) },
        ["time-over-partial"] = view => Partly(view) with { ExpiresAt = view.ExpiresAt.AddHours(-2) },
        ["paid"] = view => Received(view, "Paid", "exact", "10.5"),
        ["paid-over"] = view => Received(view, "Paid", "over", "12"),
        ["paid-under"] = view => Received(view, "Paid", "under", "10.4"),
        ["paid-late"] = view => Received(view, "Paid", "exact", "10.5") with { Late = true },
        ["paid-delayed"] = view => Received(view, "Paid", "exact", "10.5") with { Delayed = true },
        ["confirmed"] = view => Received(view, "Confirmed", "exact", "10.5"),
        ["confirmed-over"] = view => Received(view, "Confirmed", "over", "12"),
        ["confirmed-under"] = view => Received(view, "Confirmed", "under", "10.4"),
        ["confirmed-taken-back"] = view => view with
        {
            Version = 4,
            Status = "Confirmed",
            Outcome = "under",
            Setback = PaymentSetbacks.FinalityViolated,
        },
        ["expired"] = view => view with { Version = 2, Status = "Expired" },
        ["expired-part"] = view => Received(view, "Expired", "under", "4"),
        ["expired-full"] = view => Received(view, "Expired", "exact", "10.5"),
        ["canceled"] = view => view with { Version = 2, Status = "Canceled" },
        ["canceled-part"] = view => Received(view, "Canceled", "under", "4"),
        ["canceled-over"] = view => Received(view, "Canceled", "over", "12"),
        ["status-of-tomorrow"] = view => view with { Version = 2, Status = "Refunded" },
    };

    public static IEnumerable<string> Names => All.Keys;

    public static PublicPayment Of(string name, PublicPayment waiting) => All[name](waiting);

    private static PublicPayment Partly(PublicPayment view) =>
        view with { Version = 2, Outcome = "partial", Received = "4", Missing = "6.5", Transfers = [Part] };

    private static PublicPayment Received(PublicPayment view, string status, string outcome, string received) =>
        view with
        {
            Version = 2,
            Status = status,
            Outcome = outcome,
            Received = received,
            Missing = outcome is "under" ? "6.5" : "0",
            Confirmations = status is "Confirmed" ? 3 : 1,
            Transfers = [Part with { Amount = received }],
        };
}
