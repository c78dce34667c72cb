using Kobbopay.Contracts;

namespace Kobbopay.PublicStatus;

/// <summary>
/// One plain sentence that tells a payer what to do now (contracts.md, section 5). Pure: what a payer reads depends on
/// the view and the time alone. Where money may get lost, the sentence says first what not to do.
/// </summary>
public static class Guidance
{
    /// <summary>
    /// The time to pay has run out and the payment has not moved on yet: nobody should start to pay now.
    /// </summary>
    public static bool IsTimeOver(PublicPayment view, DateTimeOffset now) =>
        view.Status is "Pending" && now >= view.ExpiresAt;

    public static string For(PublicPayment view, DateTimeOffset now) => view.Status switch
    {
        "Pending" when IsTimeOver(view, now) => TimeOver(view),
        "Pending" => Pending(view),
        "Paid" => Paid(view),
        "Confirmed" => Confirmed(view),
        "Expired" => Ended(view, "has expired"),
        "Canceled" => Ended(view, "was canceled"),
        _ => $"The payment is {view.Status}; {view.Merchant} can tell you what this means.",
    };

    private static string Pending(PublicPayment view) => view switch
    {
        { Delayed: true } =>
            $"News from {view.NetworkName} is slow right now: "
            + "if you have paid already, do not pay again, it will show here.",
        { Outcome: "partial" } =>
            $"We received {Money(view, view.Received)}; send the missing {Money(view, view.Missing)} "
            + $"on {view.NetworkName} to the same address.",
        _ => $"Send exactly {Money(view, view.Amount)} on {view.NetworkName} to the address shown.",
    };

    private static string TimeOver(PublicPayment view) => view.Outcome is "partial"
        ? $"The time to pay is over and {Money(view, view.Missing)} is missing: "
            + $"do not send more, and contact {view.Merchant}."
        : "The time to pay is over: do not send anything now; "
            + "if you have paid already, wait here, it will still show.";

    private static string Paid(PublicPayment view)
    {
        var seen = view.Late ? "Your payment came late but is accepted" : "We have seen your payment";
        return view switch
        {
            { Delayed: true } =>
                $"{seen}; news from {view.NetworkName} is slow right now, so its confirmation takes longer, "
                + "and you need do nothing.",
            { Outcome: "over" } =>
                $"{seen}; it is more than was asked, so once it is confirmed, "
                + $"ask {view.Merchant} about the difference.",
            _ => $"{seen}; you need do nothing more while {view.NetworkName} confirms it.",
        };
    }

    private static string Confirmed(PublicPayment view) => view.Outcome switch
    {
        "over" =>
            "Your payment is confirmed; you sent more than was asked, "
            + $"so contact {view.Merchant} about the difference.",
        "under" => $"Your payment is confirmed; {view.Merchant} accepted the amount that you sent.",
        _ => "Your payment is confirmed, thank you; you need do nothing more.",
    };

    private static string Ended(PublicPayment view, string how) => view.Outcome switch
    {
        "none" => $"This payment {how}: do not send anything to this address, and ask {view.Merchant} for a new one.",
        "exact" or "over" =>
            $"This payment {how} before your money arrived in full: do not send more, and contact {view.Merchant}, "
            + "who will decide about it.",
        _ =>
            $"This payment {how} after we received only {Money(view, view.Received)}: "
            + $"do not send more, and contact {view.Merchant}.",
    };

    private static string Money(PublicPayment view, string amount) => $"{amount} {view.Currency}";
}
