using CsCheck;
using Kobbopay.Payments.Domain;
using static Kobbopay.UnitTests.Domain.Lives;

namespace Kobbopay.UnitTests.Domain;

/// <summary>Random lives: scans in any order, ends of windows, and what people decide in between.</summary>
internal static class Histories
{
    public static readonly Gen<Transfer[]> Chains =
        Gen.Select(Gen.Int[1, 130], Gen.Int[1, 12], Gen.Int[0, 130], (amount, block, minute) => (amount, block, minute))
            .Array[0, 6]
            .Select(rows => rows.Select((row, i) => Money(row.amount, row.block, row.minute, i)).ToArray());

    private static readonly Gen<PaymentInput> Inputs = Gen.OneOf(
        Gen.Select(
            Chains, Gen.Int[0, 15], PaymentInput (transfers, head) => new PaymentInput.ChainSeen(transfers, head)),
        Gen.Select(
            Chains, Gen.Int[0, 15], PaymentInput (transfers, head) => new PaymentInput.ChainSeen(
                transfers, head, new Reorg("old", "new"))),
        Gen.Int[0, 200].Select(PaymentInput (minute) => new PaymentInput.ChainTimeReached(Minute(minute))),
        Gen.Const<PaymentInput>(new PaymentInput.Cancel("key_1")),
        Gen.Enum<ResolutionAction>().Select(
            PaymentInput (action) => new PaymentInput.Resolve(new Resolution(action, "key_2", "asked"))));

    private static readonly Gen<Payment> Created =
        Gen.Select(Gen.Int[0, 30], Gen.Int[0, 60], (tolerance, lateWindow) => PaymentLifecycle.Create(Terms with
        {
            Tolerance = tolerance,
            LateWindow = TimeSpan.FromMinutes(lateWindow),
        }).After);

    public static readonly Gen<History> All =
        Gen.Select(Created, Gen.Select(Inputs, Gen.Int[0, 60]).Array[1, 12], (created, steps) =>
        {
            var minute = 0;
            return new History(created, [.. steps.Select(step => (step.Item1, minute += step.Item2))]);
        });
}

internal sealed record History(Payment Created, IReadOnlyList<(PaymentInput Input, int Minute)> Inputs)
{
    /// <summary>Each input with the payment before it.</summary>
    public IEnumerable<(Payment Before, PaymentInput Input, Decision Decision)> Live()
    {
        var payment = Created;
        foreach (var (input, minute) in Inputs)
        {
            var decision = PaymentLifecycle.Apply(payment, input, Minute(minute));
            yield return (payment, input, decision);
            payment = (decision as Decision.Accepted)?.Payment ?? payment;
        }
    }
}
