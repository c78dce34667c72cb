using System.Numerics;
using System.Text;
using Kobbopay.Payments.Domain;
using static Kobbopay.UnitTests.Domain.Lives;

namespace Kobbopay.UnitTests.Domain;

/// <summary>
/// Every kind of payment that can be reached with every input: what docs/lifecycle.md shows. The payment asks for 100
/// without tolerance, with three confirmations, is open until minute 60 and accepts late money until minute 75; each
/// input comes at minute 85.
/// </summary>
internal static class LifecycleTable
{
    private const int Now = 85;

    private static readonly Payment Open =
        Pending with { Terms = Terms with { LateWindow = TimeSpan.FromMinutes(15) } };
    private static readonly Payment Ended = Expire(Open);
    private static readonly Payment Closed = Open.Accept(new PaymentInput.Cancel("key_1")).Payment;
    private static readonly Payment OnTime = Open.See(1, Money(100, block: 1)).Payment;
    private static readonly Payment Final = OnTime.See(3, Money(100, block: 1)).Payment;
    private static readonly Payment PaidLate = Ended.See(1, Money(100, block: 1, minute: 70)).Payment;
    private static readonly Payment WithLateMoney = Ended.See(1, Money(40, block: 1, minute: 70)).Payment;
    private static readonly Payment CanceledWithMoney = Closed.See(1, Money(40, block: 1)).Payment;

    public static readonly IReadOnlyList<(string Name, Payment Payment)> States =
    [
        ("Pending, nothing received", Open),
        ("Pending, a part received", Open.See(1, Money(40, block: 1)).Payment),
        ("Pending, reverted less than 30 minutes ago", Revert(OnTime, minute: 59)),
        ("Pending, reverted longer ago", Revert(OnTime, minute: 7)),
        ("Paid", OnTime),
        ("Paid late, after it had expired", PaidLate),
        ("Paid, a part accepted while it was open", Accept(Open.See(1, Money(40, block: 1)).Payment)),
        ("Paid, accepted after it had been canceled", Accept(CanceledWithMoney)),
        ("Confirmed", Final),
        ("Confirmed, finality violated", Final.See(3).Payment),
        ("Expired, nothing received", Ended),
        ("Expired, a part received", Expire(Open.See(1, Money(40, block: 1)).Payment)),
        ("Expired, a part received late", WithLateMoney),
        ("Expired, reverted after it was paid late", Revert(PaidLate, minute: 80)),
        ("Expired, dismissed", Dismiss(WithLateMoney)),
        ("Canceled, nothing received", Closed),
        ("Canceled, a part received", CanceledWithMoney),
        ("Canceled, dismissed", Dismiss(CanceledWithMoney)),
    ];

    private static readonly IReadOnlyList<(string Name, Func<Payment, PaymentInput> Of)> Inputs =
    [
        ("a transfer on time, still below due", payment => More(payment, _ => 10, minute: 50)),
        ("a transfer on time that makes it exactly what is due", payment => More(payment, Rest, minute: 50)),
        ("a transfer on time that makes it more than is due", payment => More(payment, p => Rest(p) + 20, minute: 50)),
        ("a transfer within the late window, enough", payment => More(payment, Rest, minute: 70)),
        ("a transfer after the late window, enough", payment => More(payment, Rest, minute: 80)),
        ("its transfers leave the chain", payment => new PaymentInput.ChainSeen([], payment.Head)),
        ("its transfers move to another block", payment => Moved(payment)),
        ("its transfers have their confirmations",
            payment => new PaymentInput.ChainSeen(payment.Transfers, payment.Head + 9)),
        ("the chain has passed the end of its window", _ => new PaymentInput.ChainTimeReached(Minute(Now))),
        ("cancel", _ => new PaymentInput.Cancel("key_1")),
        ("resolve: accept", _ => new PaymentInput.Resolve(new Resolution(ResolutionAction.Accept, "key_1", "ok"))),
        ("resolve: dismiss", _ => new PaymentInput.Resolve(new Resolution(ResolutionAction.Dismiss, "key_1", "ok"))),
    ];

    public static IEnumerable<(Payment Before, string State, string Input, Decision Decision)> Rows =>
        from state in States
        from input in Inputs
        select (
            state.Payment, state.Name, input.Name,
            PaymentLifecycle.Apply(state.Payment, input.Of(state.Payment), Minute(Now)));

    public static string Render()
    {
        var page = new StringBuilder();
        foreach (var state in Rows.GroupBy(row => (row.State, row.Before)))
        {
            page.AppendLine($"### {state.Key.State}");
            page.AppendLine();
            page.AppendLine($"{Facts(state.Key.Before)}.");
            page.AppendLine();
            page.AppendLine("| what happens | the payment after it | events |");
            page.AppendLine("|---|---|---|");
            foreach (var row in state)
                page.AppendLine($"| {row.Input} | {After(row.Decision)} |");
            page.AppendLine();
        }

        return page.ToString();
    }

    private static string After(Decision decision) => decision switch
    {
        Decision.Rejected rejected => $"unchanged | refused: `{rejected.Code}`",
        Decision.Accepted { Events.Count: 0 } same => $"{Facts(same.Payment)} | none",
        Decision.Accepted accepted =>
            $"{Facts(accepted.Payment)} | {string.Join(", ", accepted.Types().Select(type => $"`{type}`"))}",
        _ => throw new InvalidOperationException(),
    };

    private static string Facts(Payment payment)
    {
        var fulfilment = Fulfilment.Of(payment);
        var outcome = payment.Outcome.ToString().ToLowerInvariant();
        return $"**{payment.Status}**{(payment.Late ? ", late" : string.Empty)}, {outcome}, "
            + $"`{fulfilment.Decision}` `{fulfilment.Reason}`";
    }

    /// <summary>What is missing to what is due; any amount where nothing is.</summary>
    private static BigInteger Rest(Payment payment) =>
        payment.Due > payment.Received ? payment.Due - payment.Received : 10;

    private static PaymentInput.ChainSeen More(Payment payment, Func<Payment, BigInteger> amount, int minute)
    {
        var block = payment.Head + 1;
        return new PaymentInput.ChainSeen([.. payment.Transfers, Money(amount(payment), block, minute, 9)], block);
    }

    private static PaymentInput.ChainSeen Moved(Payment payment) => new(
        [.. payment.Transfers.Select(t => t with { BlockNumber = payment.Head + 1, BlockHash = "another" })],
        payment.Head + 1);

    private static Payment Expire(Payment payment) =>
        payment.Accept(new PaymentInput.ChainTimeReached(Minute(61)), minute: 61).Payment;

    private static Payment Revert(Payment payment, int minute) =>
        payment.Accept(new PaymentInput.ChainSeen([], payment.Head), minute).Payment;

    private static Payment Accept(Payment payment) =>
        ((Decision.Accepted)payment.Resolve(ResolutionAction.Accept)).Payment;

    private static Payment Dismiss(Payment payment) =>
        ((Decision.Accepted)payment.Resolve(ResolutionAction.Dismiss)).Payment;
}
