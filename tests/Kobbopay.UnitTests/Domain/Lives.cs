using System.Numerics;
using Kobbopay.Payments.Domain;

namespace Kobbopay.UnitTests.Domain;

/// <summary>
/// A payment of 100 units, three confirmations, open for 60 minutes, late for 60 more; and steps of its life.
/// </summary>
internal static class Lives
{
    public static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);

    public static readonly PaymentTerms Terms = new()
    {
        Amount = 100,
        Tolerance = 0,
        RequiredConfirmations = 3,
        LateWindow = TimeSpan.FromMinutes(60),
        CreatedAt = Start,
        ExpiresAt = Minute(60),
    };

    public static readonly Payment Pending = PaymentLifecycle.Create(Terms).After;

    public static readonly Payment Partial = Pending.See(1, Money(40, block: 1)).Payment;

    public static readonly Payment Paid = Pending.See(1, Money(100, block: 1)).Payment;

    public static readonly Payment Confirmed = Paid.See(3, Money(100, block: 1)).Payment;

    public static readonly Payment Expired = Pending.Accept(new PaymentInput.ChainTimeReached(Minute(61))).Payment;

    public static readonly Payment Canceled = Pending.Accept(new PaymentInput.Cancel("key_1")).Payment;

    public static DateTimeOffset Minute(double minutes) => Start.AddMinutes(minutes);

    /// <summary>A transfer with an identity of its own for each <paramref name="number"/>.</summary>
    public static Transfer Money(
        BigInteger amount, long block, double minute = 1, int number = 0, string fork = "") => new(
            new Guid(number, 0, 0, new byte[8]), $"tx{number}", amount, block, $"block{block}{fork}", Minute(minute));

    public static Decision.Accepted See(this Payment payment, long head, params Transfer[] transfers) =>
        payment.Accept(new PaymentInput.ChainSeen(transfers, head));

    public static Decision.Accepted Accept(this Payment payment, PaymentInput input, double minute = 1) =>
        PaymentLifecycle.Apply(payment, input, Minute(minute)).Should().BeOfType<Decision.Accepted>().Subject;

    public static Decision Resolve(this Payment payment, ResolutionAction action) => PaymentLifecycle.Apply(
        payment, new PaymentInput.Resolve(new Resolution(action, "operator", "asked by the payer")), Minute(1));

    public static IEnumerable<string> Types(this Decision.Accepted accepted) =>
        accepted.Events.Select(happened => happened.Type);
}
