using Kobbopay.Contracts;
using Kobbopay.PublicStatus.Languages;

namespace Kobbopay.PublicStatus;

/// <summary>
/// One plain sentence that tells a payer what to do now (contracts.md, section 5). Pure: what a payer reads depends on
/// the view, the time and the language alone. Where money may get lost, the sentence says first what not to do.
/// </summary>
public static class Guidance
{
    /// <summary>
    /// The time to pay has run out and the payment has not moved on yet: nobody should start to pay now.
    /// </summary>
    public static bool IsTimeOver(PublicPayment view, DateTimeOffset now) =>
        view.Status is "Pending" && now >= view.ExpiresAt;

    /// <summary>The chain took back what had made the payment Paid, and nothing has made it so again.</summary>
    public static bool IsReverted(PublicPayment view) =>
        view is { Status: "Pending", Setback: PaymentSetbacks.Reverted };

    public static string For(PublicPayment view, DateTimeOffset now, Language language)
    {
        var texts = language.Texts;
        return view.Status switch
        {
            "Pending" when IsTimeOver(view, now) =>
                view.Outcome is "partial" ? Fill(texts.TimeOverPartial) : texts.TimeOver,
            "Pending" => Fill(Pending(view, texts)),
            "Paid" => Fill(Paid(view, texts)),
            "Confirmed" => Confirmed(),
            "Expired" or "Canceled" => Fill(Ended(view, texts)),
            _ => Fill(texts.UnknownStatus),
        };

        string Confirmed() => view switch
        {
            { Setback: PaymentSetbacks.FinalityViolated } => Fill(texts.ConfirmedViolated),
            { Outcome: "over" } => Fill(texts.ConfirmedOver),
            { Outcome: "under" } => Fill(texts.ConfirmedUnder),
            _ => texts.Confirmed,
        };

        string Fill(Sentence sentence) => sentence.Fill(name => ValueOf(name, view, language));
    }

    private static string ValueOf(string name, PublicPayment view, Language language) => name switch
    {
        "seen" => view.Late ? language.Texts.SeenLate : language.Texts.Seen,
        "how" => view.Status is "Canceled" ? language.Texts.WasCanceled : language.Texts.HasExpired,
        _ => language.Isolate(PaymentValues.Of(name, view)),
    };

    private static Sentence Pending(PublicPayment view, Texts texts) => view switch
    {
        { Setback: PaymentSetbacks.Reverted } => texts.PendingReverted,
        { Delayed: true } => texts.PendingDelayed,
        { Outcome: "partial" } => texts.PendingPartial,
        _ => texts.Pending,
    };

    private static Sentence Paid(PublicPayment view, Texts texts) => view switch
    {
        { Delayed: true } => texts.PaidDelayed,
        { Outcome: "over" } => texts.PaidOver,
        _ => texts.Paid,
    };

    private static Sentence Ended(PublicPayment view, Texts texts) => view.Outcome switch
    {
        "none" => texts.Ended,
        "exact" or "over" => texts.EndedInFull,
        _ => texts.EndedInPart,
    };
}
