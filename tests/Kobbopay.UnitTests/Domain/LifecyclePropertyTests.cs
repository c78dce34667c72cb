using System.Numerics;
using CsCheck;
using Kobbopay.Payments.Domain;

namespace Kobbopay.UnitTests.Domain;

/// <summary>What holds for every payment, whatever happens to it.</summary>
public sealed class LifecyclePropertyTests
{
    private static readonly string[] Codes =
        ["payment_not_cancelable", "payment_not_resolvable", "payment_not_expirable"];

    /// <summary>What each event may do to the status.</summary>
    private static readonly Dictionary<string, string[]> Transitions = new(StringComparer.Ordinal)
    {
        ["payment.partially_paid"] = ["Pending->Pending"],
        ["payment.paid"] = ["Pending->Paid", "Expired->Paid", "Canceled->Paid"],
        ["payment.confirmed"] = ["Paid->Confirmed"],
        ["payment.amount_changed"] = [.. Enum.GetNames<PaymentStatus>().Select(status => $"{status}->{status}")],
        ["payment.reverted"] = ["Paid->Pending", "Paid->Expired", "Paid->Canceled"],
        ["payment.expired"] = ["Pending->Expired"],
        ["payment.canceled"] = ["Pending->Canceled"],
        ["payment.late_transfer"] = ["Expired->Expired", "Canceled->Canceled"],
        ["payment.resolved"] = ["Expired->Expired", "Canceled->Canceled"],
        ["payment.finality_violated"] = ["Confirmed->Confirmed"],
    };

    [Fact]
    public void Versions_and_events_are_dense_and_the_events_alone_rebuild_the_payment() =>
        Histories.All.Sample(history =>
        {
            var rebuilt = history.Created;
            foreach (var (_, _, decision) in history.Live())
            {
                if (decision is not Decision.Accepted accepted)
                    continue;
                foreach (var happened in accepted.Events)
                {
                    happened.From.Should().Be(rebuilt.Status);
                    happened.After.Version.Should().Be(rebuilt.Version + 1);
                    Transitions[happened.Type].Should().Contain($"{happened.From}->{happened.After.Status}");
                    rebuilt = happened.After;
                }

                // Confirmations, and the blocks that money stands in, go on between events; nothing else does.
                var payment = accepted.Payment;
                (rebuilt with { Head = payment.Head, Transfers = payment.Transfers }).Should().Be(payment);
                rebuilt.Received.Should().Be(payment.Received);
            }
        });

    [Fact]
    public void Confirmed_is_never_left() => Histories.All.Sample(history =>
        history.Live().All(step => step.Before.Status != PaymentStatus.Confirmed
            || step.Decision is Decision.Rejected or Decision.Accepted { Payment.Status: PaymentStatus.Confirmed }));

    [Fact]
    public void What_the_chain_holds_is_what_was_received_and_nothing_is_lost_or_below_zero() =>
        Histories.All.Sample(history =>
        {
            var standing = BigInteger.Zero;
            foreach (var (_, input, decision) in history.Live())
            {
                if (input is PaymentInput.ChainSeen seen)
                {
                    decision.Should().BeOfType<Decision.Accepted>();
                    standing = seen.Transfers.Aggregate(BigInteger.Zero, (total, transfer) => total + transfer.Amount);
                }

                if (decision is not Decision.Accepted { Payment: var payment })
                    continue;
                payment.Received.Should().Be(standing);
                BigInteger[] amounts = [payment.Final, payment.Missing, payment.Due, payment.ReceivedOnTime];
                amounts.Should().OnlyContain(amount => amount.Sign >= 0);
                payment.Final.Should().BeLessThanOrEqualTo(payment.Received);
                payment.Due.Should().BeInRange(1, payment.Terms.Amount);
            }
        });

    [Fact]
    public void A_paid_payment_holds_what_is_due_and_an_open_one_never_holds_enough_on_time() =>
        Histories.All.Sample(history =>
        {
            foreach (var payment in history.Live().Select(step => step.Decision).OfType<Decision.Accepted>()
                .Select(accepted => accepted.Payment))
            {
                if (payment.Status == PaymentStatus.Paid)
                    payment.Received.Should().BeGreaterThanOrEqualTo(payment.Due);
                if (payment.Status == PaymentStatus.Pending)
                    payment.ReceivedOnTime.Should().BeLessThan(payment.Due);
                (payment.PaidAt is null).Should().Be(
                    payment.Status is not (PaymentStatus.Paid or PaymentStatus.Confirmed));
                (payment.ConfirmedAt is null).Should().Be(payment.Status != PaymentStatus.Confirmed);
            }
        });

    [Fact]
    public void Only_people_are_refused_and_only_their_own_step_names_them() => Histories.All.Sample(history =>
    {
        foreach (var (_, input, decision) in history.Live())
        {
            if (decision is Decision.Rejected rejected)
            {
                Codes.Should().Contain(rejected.Code);
                input.Should().NotBeOfType<PaymentInput.ChainSeen>();
                continue;
            }

            Doer? doer = input switch
            {
                PaymentInput.Cancel cancel => new Doer(cancel.Actor),
                PaymentInput.Resolve resolve => new Doer(resolve.Resolution.Actor, resolve.Resolution.Reason),
                _ => null,
            };
            var events = ((Decision.Accepted)decision).Events;
            events.Take(1).Should().OnlyContain(happened => happened.By == doer);
            events.Skip(1).Should().OnlyContain(happened => happened.By == null);
        }
    });

    [Fact]
    public void Seeing_the_same_again_changes_nothing() => Histories.All.Sample(history =>
    {
        foreach (var (accepted, minute) in history.Live().Select(step => step.Decision)
            .Zip(history.Inputs, (decision, input) => (decision as Decision.Accepted, input.Minute)))
        {
            if (accepted is null)
                continue;
            var again = new PaymentInput.ChainSeen(accepted.Payment.Transfers, accepted.Payment.Head);
            accepted.Payment.Accept(again, minute).Events.Should().BeEmpty();
        }
    });
}
