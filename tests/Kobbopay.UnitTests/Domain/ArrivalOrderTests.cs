using System.Numerics;
using CsCheck;
using Kobbopay.Payments.Domain;
using static Kobbopay.UnitTests.Domain.Lives;

namespace Kobbopay.UnitTests.Domain;

/// <summary>The facts about a payment follow from the money that stands, not from how it came to be seen.</summary>
public sealed class ArrivalOrderTests
{
    [Fact]
    public void The_result_does_not_depend_on_how_transfers_are_split_into_scans() =>
        Gen.Select(
                Gen.Int[0, 160].Array[1, 12], Histories.Chains, Gen.Bool.Array[12],
                (pauses, money, cuts) => (pauses, money, cuts))
            .Sample(chain =>
            {
                var (times, money) = Stand(chain.pauses, chain.money);
                var head = times.Count - 1;
                var atOnce = Scan(times, money, [head]);
                var byBlock = Scan(times, money, [.. Enumerable.Range(1, head)]);
                var bySlice = Scan(
                    times, money, [.. Enumerable.Range(1, head).Where(b => b == head || chain.cuts[b - 1])]);
                Facts(byBlock).Should().Be(Facts(atOnce));
                Facts(bySlice).Should().Be(Facts(atOnce));
            });

    [Fact]
    public void The_same_transfers_in_any_order_and_any_portions_give_the_same_facts() =>
        Gen.Select(
                Gen.Int[0, 160].Array[1, 12], Histories.Chains, Gen.Shuffle(Enumerable.Range(0, 6).ToArray()),
                Gen.Bool.Array[6], Gen.Int[0, 30])
            .Sample((pauses, chain, order, cuts, tolerance) =>
            {
                var (times, money) = Stand(pauses, chain);
                var head = times.Count - 1;
                var created = Pending with { Terms = Terms with { Tolerance = tolerance } };
                var payment = created;
                var seen = new List<Transfer>();
                foreach (var i in order.Where(i => i < money.Length))
                {
                    seen.Add(money[i]);
                    if (cuts[i])
                        payment = payment.See(head, [.. seen]).Payment;
                }

                Facts(payment.See(head, [.. seen]).Payment).Should().Be(Facts(created.See(head, money).Payment));
            });

    [Fact]
    public void A_transfer_counts_as_much_as_its_parts() =>
        Gen.Select(Gen.Int[0, 160].Array[1, 12], Histories.Chains).Sample((pauses, chain) =>
        {
            var (times, money) = Stand(pauses, chain);
            var head = times.Count - 1;
            Transfer[] parts =
            [
                .. money.Select(transfer => transfer with { Amount = (transfer.Amount + 1) / 2 }),
                .. money.Where(transfer => transfer.Amount > 1).Select(transfer => transfer with
                {
                    Id = new Guid(transfer.Id.GetHashCode(), 1, 0, new byte[8]),
                    Amount = transfer.Amount / 2,
                }),
            ];
            Facts(Pending.See(head, parts).Payment).Should().Be(Facts(Pending.See(head, money).Payment));
        });

    /// <summary>Block times only grow; each transfer stands in a block that exists, and has its time.</summary>
    private static (List<int> Times, Transfer[] Money) Stand(int[] pauses, Transfer[] chain)
    {
        var times = new List<int> { 0 };
        foreach (var pause in pauses)
            times.Add(times[^1] + (pause / 8));
        return (times, [.. chain.Select(transfer =>
        {
            var block = (int)Math.Min(transfer.BlockNumber, times.Count - 1);
            return transfer with { BlockNumber = block, FirstBlockTime = Minute(times[block]) };
        })]);
    }

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
