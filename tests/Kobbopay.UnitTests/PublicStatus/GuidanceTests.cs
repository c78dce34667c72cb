using Kobbopay.Contracts;
using Kobbopay.PublicStatus;
using Kobbopay.PublicStatus.Languages;

namespace Kobbopay.UnitTests.PublicStatus;

public sealed class GuidanceTests
{
    private static readonly string[] Statuses = ["Pending", "Paid", "Confirmed", "Expired", "Canceled"];
    private static readonly string[] Outcomes = ["none", "partial", "under", "exact", "over"];

    public static TheoryData<string, string, string> Sentences => new()
    {
        { "Pending", "none", "Send exactly 10.5 USDT on Example Network to the address shown." },
        {
            "Pending", "partial",
            "We received 4 USDT; send the missing 6.5 USDT on Example Network to the same address "
            + "before 2026-05-04 11:00 UTC."
        },
        { "Paid", "exact", "We have seen your payment; you need do nothing more while Example Network confirms it." },
        { "Paid", "under", "We have seen your payment; you need do nothing more while Example Network confirms it." },
        {
            "Paid", "over",
            "We have seen your payment; it is more than was asked, so once it is confirmed, "
            + "ask Tea & Toast about the difference."
        },
        { "Confirmed", "exact", "Your payment is confirmed, thank you; you need do nothing more." },
        { "Confirmed", "under", "Your payment is confirmed; Tea & Toast accepted the amount that you sent." },
        {
            "Confirmed", "over",
            "Your payment is confirmed; you sent more than was asked, so contact Tea & Toast about the difference."
        },
        {
            "Expired", "none",
            "This payment has expired: do not send anything to this address, and ask Tea & Toast for a new one."
        },
        {
            "Expired", "under",
            "This payment has expired after we received only 4 USDT: do not send more, and contact Tea & Toast."
        },
        {
            "Expired", "exact",
            "This payment has expired before your money arrived in full: do not send more, and contact Tea & Toast, "
            + "who will decide about it."
        },
        {
            "Canceled", "none",
            "This payment was canceled: do not send anything to this address, and ask Tea & Toast for a new one."
        },
        {
            "Canceled", "under",
            "This payment was canceled after we received only 4 USDT: do not send more, and contact Tea & Toast."
        },
        {
            "Canceled", "over",
            "This payment was canceled before your money arrived in full: do not send more, and contact Tea & Toast, "
            + "who will decide about it."
        },
    };

    [Theory]
    [MemberData(nameof(Sentences))]
    public void Each_status_and_outcome_has_its_sentence(string status, string outcome, string sentence) =>
        Guidance.For(View(status, outcome), Views.Now, Language.English).Should().Be(sentence);

    [Fact]
    public void Every_combination_is_one_sentence_in_every_language()
    {
        var combinations =
            from status in Statuses
            from outcome in Outcomes
            from late in new[] { false, true }
            from delayed in new[] { false, true }
            from over in new[] { false, true }
            from setback in new[] { null, PaymentSetbacks.Reverted, PaymentSetbacks.FinalityViolated }
            from language in Language.All
            let view = View(status, outcome) with { Late = late, Delayed = delayed, Setback = setback }
            select Guidance.For(view, over ? view.ExpiresAt : Views.Now, language);

        combinations.Should().AllSatisfy(sentence => sentence.Should()
            .MatchRegex("^[\\p{Lu}\\p{Lo}\u2068].*[\\p{L}\u2069]\\.$").And.NotContain("  ")
            .And.NotMatchRegex("\\. [\\p{Lu}\\p{Lo}]").And.NotContainAny("{", "}"));
    }

    [Fact]
    public void Nobody_is_asked_for_money_once_the_time_is_over()
    {
        var atTheEnd = Views.Pending.ExpiresAt;
        Guidance.For(Views.Pending, atTheEnd, Language.English).Should().Be(
            "The time to pay is over: do not send anything now; "
            + "if you have paid already, wait here, it will still show.");
        Guidance.For(View("Pending", "partial"), atTheEnd, Language.English).Should().Be(
            "The time to pay is over and 6.5 USDT is missing: do not send more, and contact Tea & Toast.");
        Guidance.For(Views.Pending, atTheEnd.AddMilliseconds(-1), Language.English).Should().StartWith("Send exactly");
    }

    [Fact]
    public void A_payer_who_has_paid_is_kept_from_paying_twice_while_the_network_is_slow() =>
        Guidance.For(Views.Pending with { Delayed = true }, Views.Now, Language.English).Should().Be(
            "News from Example Network is slow right now: "
            + "if you have paid already, do not pay again, it will show here.");

    [Fact]
    public void An_accepted_late_payment_is_called_so() =>
        Guidance.For(View("Paid", "exact") with { Late = true }, Views.Now, Language.English).Should().Be(
            "Your payment came late but is accepted; you need do nothing more while Example Network confirms it.");

    [Fact]
    public void What_the_chain_took_back_is_said_with_what_not_to_do()
    {
        var reverted = Views.Pending with { Setback = PaymentSetbacks.Reverted };
        Guidance.For(reverted, Views.Now, Language.English).Should().Be(
            "Example Network took back a transfer that we had seen: do not pay again unless your wallet says that it "
            + "failed, since it usually comes back by itself.");
        Guidance.For(reverted, reverted.ExpiresAt, Language.English).Should().StartWith("The time to pay is over");
        Guidance.For(
            View("Confirmed", "under") with { Setback = PaymentSetbacks.FinalityViolated }, Views.Now, Language.English)
            .Should().Be(
                "Example Network took your payment back after it was confirmed: do not send anything, "
                + "and contact Tea & Toast.");
    }

    private static PublicPayment View(string status, string outcome) => Views.Pending with
    {
        Status = status,
        Outcome = outcome,
        Received = outcome switch { "none" => "0", "over" => "12", "exact" => "10.5", _ => "4" },
        Missing = outcome switch { "none" => "10.5", "over" or "exact" => "0", _ => "6.5" },
    };
}
