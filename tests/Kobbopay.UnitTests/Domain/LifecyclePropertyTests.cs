using System.Numerics;
using CsCheck;
using Kobbopay.Payments.Domain;
using static Kobbopay.UnitTests.Domain.Lives;

namespace Kobbopay.UnitTests.Domain;

/// <summary>What holds for every payment, whatever happens to it.</summary>
public sealed class LifecyclePropertyTests
{
    private static readonly Gen<Transfer[]> Chains =
        Gen.Select(Gen.Int[1, 130], Gen.Int[1, 12], Gen.Int[0, 130], (amount, block, minute) => (amount, block, minute))
            .Array[0, 6]
            .Select(rows => rows.Select((row, i) => Money(row.amount, row.block, row.minute, i)).ToArray());

    private static readonly Gen<PaymentInput> Inputs = Gen.OneOf(
        Gen.Select(
            Chains, Gen.Int[0, 15], PaymentInput (transfers, head) => new PaymentInput.ChainSeen(transfers, head)),
        Gen.Int[0, 200].Select(PaymentInput (minute) => new PaymentInput.ChainTimeReached(Minute(minute))),
        Gen.Const<PaymentInput>(new PaymentInput.Cancel()),
        Gen.Enum<ResolutionAction>().Select(
            PaymentInput (action) => new PaymentInput.Resolve(new Resolution(action, "operator", "asked"))));

    private static readonly Gen<(PaymentInput Input, int Minute)[]> Histories =
        Gen.Select(Inputs, Gen.Int[0, 60], (input, pause) => (input, pause)).Array[1, 12].Select(steps =>
        {
            var minute = 0;
            return steps.Select(step => (step.input, minute += step.pause)).ToArray();
        });

    [Fact]
    public void Versions_and_events_are_dense_and_no_status_changes_without_one() => Histories.Sample(history =>
    {
        var payment = Pending;
        foreach (var (input, minute) in history)
        {
            if (PaymentLifecycle.Apply(payment, input, Minute(minute)) is not Decision.Accepted accepted)
                continue;
            var before = payment;
            foreach (var happened in accepted.Events)
            {
                happened.From.Should().Be(before.Status);
                happened.After.Version.Should().Be(before.Version + 1);
                before = happened.After;
            }

            accepted.Payment.Version.Should().Be(before.Version);
            accepted.Payment.Status.Should().Be(before.Status);
            payment = accepted.Payment;
        }
    });

    [Fact]
    public void Confirmed_is_never_left() => Histories.Sample(history =>
    {
        var payment = Pending;
        foreach (var (input, minute) in history)
        {
            if (PaymentLifecycle.Apply(payment, input, Minute(minute)) is not Decision.Accepted accepted)
                continue;
            if (payment.Status == PaymentStatus.Confirmed)
                accepted.Payment.Status.Should().Be(PaymentStatus.Confirmed);
            payment = accepted.Payment;
        }
    });

    [Fact]
    public void What_the_chain_holds_is_what_was_received_and_nothing_is_below_zero() => Histories.Sample(history =>
    {
        var payment = Pending;
        foreach (var (input, minute) in history)
        {
            var decision = PaymentLifecycle.Apply(payment, input, Minute(minute));
            if (input is PaymentInput.ChainSeen seen)
            {
                decision.Should().BeOfType<Decision.Accepted>();
                var sum = seen.Transfers.Aggregate(BigInteger.Zero, (total, transfer) => total + transfer.Amount);
                ((Decision.Accepted)decision).Payment.Received.Should().Be(sum);
            }

            payment = (decision as Decision.Accepted)?.Payment ?? payment;
            BigInteger[] amounts =
                [payment.Received, payment.Final, payment.Missing, payment.Due, payment.ReceivedOnTime];
            amounts.Should().OnlyContain(amount => amount.Sign >= 0);
            payment.Final.Should().BeLessThanOrEqualTo(payment.Received);
        }
    });

    [Fact]
    public void Seeing_the_same_again_changes_nothing() => Histories.Sample(history =>
    {
        var payment = Pending;
        foreach (var (input, minute) in history)
        {
            if (PaymentLifecycle.Apply(payment, input, Minute(minute)) is not Decision.Accepted accepted)
                continue;
            payment = accepted.Payment;
            var again = new PaymentInput.ChainSeen(payment.Transfers, payment.Head);
            payment.Accept(again, minute).Events.Should().BeEmpty();
        }
    });

    [Fact]
    public void The_result_does_not_depend_on_how_transfers_are_split_into_scans() =>
        Gen.Select(
                Gen.Int[0, 160].Array[1, 12], Chains, Gen.Bool.Array[12],
                (pauses, money, cuts) => (pauses, money, cuts))
            .Sample(chain =>
            {
                // Block times only grow; each transfer stands in a block that exists, and has its time.
                var times = new List<int> { 0 };
                foreach (var pause in chain.pauses)
                    times.Add(times[^1] + (pause / 8));
                var head = times.Count - 1;
                Transfer[] money = [.. chain.money.Select(transfer =>
                {
                    var block = (int)Math.Min(transfer.BlockNumber, head);
                    return transfer with { BlockNumber = block, FirstBlockTime = Minute(times[block]) };
                })];

                var atOnce = Scan(times, money, [head]);
                var byBlock = Scan(times, money, [.. Enumerable.Range(1, head)]);
                var bySlice = Scan(
                    times, money, [.. Enumerable.Range(1, head).Where(b => b == head || chain.cuts[b - 1])]);
                Facts(byBlock).Should().Be(Facts(atOnce));
                Facts(bySlice).Should().Be(Facts(atOnce));
            });

    /// <summary>As the scanner does: what the slice holds, then the time that it reaches.</summary>
    private static Payment Scan(List<int> times, Transfer[] money, int[] heads)
    {
        var payment = Pending;
        foreach (var head in heads)
        {
            payment = payment.See(head, [.. money.Where(transfer => transfer.BlockNumber <= head)]).Payment;
            var reached = new PaymentInput.ChainTimeReached(Minute(times[head]));
            if (PaymentLifecycle.Apply(payment, reached, Minute(times[head])) is Decision.Accepted expired)
                payment = expired.Payment;
        }

        return payment;
    }

    private static (PaymentStatus, PaymentOutcome, bool, BigInteger, BigInteger, int) Facts(Payment payment) => (
        payment.Status, payment.Outcome, payment.Late, payment.Received, payment.Final, payment.Confirmations);
}
