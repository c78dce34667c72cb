namespace Kobbopay.Payments.Domain;

/// <summary>Collects a decision's steps: each is one version, one event, one snapshot.</summary>
internal sealed class Steps(Payment payment, DateTimeOffset now, Reorg? reorg = null)
{
    private readonly List<PaymentEvent> _events = [];

    public Payment Payment { get; private set; } = payment;

    public DateTimeOffset Now { get; } = now;

    /// <summary>The scan's; it belongs to the steps that tell of money that is gone.</summary>
    public Reorg? Reorg { get; } = reorg;

    public void Replace(Payment payment) => Payment = payment;

    public void Add(string type, Func<Payment, Payment>? change = null, Reorg? reorg = null, Doer? by = null)
    {
        var from = Payment.Status;
        Payment = (change?.Invoke(Payment) ?? Payment) with { Version = Payment.Version + 1 };
        _events.Add(new PaymentEvent(type, from, Payment, Now, reorg, by));
    }

    public Decision.Accepted Accepted() => new(Payment, _events);
}

/// <summary>
/// How two views of the chain differ for a payment. A transfer in another block is none; one that took another's place
/// is both, though the sum may be the same.
/// </summary>
/// <param name="More">A transfer is new, or larger than it was before its transaction was mined again.</param>
/// <param name="Less">A transfer is gone, or smaller.</param>
internal readonly record struct News(bool More, bool Less)
{
    public static News Between(IReadOnlyList<Transfer> before, IReadOnlyList<Transfer> after)
    {
        var amounts = before.ToDictionary(transfer => transfer.Id, transfer => transfer.Amount);
        var (more, less, known) = (false, false, 0);
        foreach (var transfer in after)
        {
            if (!amounts.TryGetValue(transfer.Id, out var was))
            {
                more = true;
                continue;
            }

            known++;
            more |= transfer.Amount > was;
            less |= transfer.Amount < was;
        }

        return new News(more, less || known < before.Count);
    }
}
