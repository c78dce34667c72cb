namespace Kobbopay.Payments.Domain;

/// <summary>
/// The lifecycle table of contracts.md, section 2 as a total, pure function. Time comes in as an argument, nothing goes
/// out but the decision. An observed transfer is never rejected: money always counts.
/// </summary>
public static class PaymentLifecycle
{
    /// <summary>After a reversal the payer's transaction gets this long to be mined again.</summary>
    public static readonly TimeSpan RevertedGrace = TimeSpan.FromMinutes(30);

    public static PaymentEvent Create(PaymentTerms terms) =>
        new(PaymentEventTypes.Created, null, new Payment { Terms = terms }, terms.CreatedAt);

    public static Decision Apply(Payment payment, PaymentInput input, DateTimeOffset now) => input switch
    {
        PaymentInput.ChainSeen seen => See(payment, seen, now),
        PaymentInput.ChainTimeReached reached => Expire(payment, reached, now),
        PaymentInput.Cancel => Cancel(payment, now),
        PaymentInput.Resolve resolve => Resolve(payment, resolve.Resolution, now),
        _ => throw new ArgumentOutOfRangeException(nameof(input)),
    };

    private static Decision.Accepted See(Payment before, PaymentInput.ChainSeen seen, DateTimeOffset now)
    {
        var steps = new Steps(before with { Transfers = seen.Transfers, Head = seen.Head }, now, seen.Reorg);
        var change = steps.Payment.Received.CompareTo(before.Received);
        if (change > 0 && MayExpire(steps.Payment, LatestBlockTime(seen.Transfers), now))
            change = ExpireFirst(steps, before);

        switch (steps.Payment.Status)
        {
            case PaymentStatus.Pending:
                SeeWhilePending(steps, change);
                break;
            case PaymentStatus.Paid:
                SeeWhilePaid(steps, change);
                break;
            case PaymentStatus.Confirmed:
                SeeWhileConfirmed(steps, before, change);
                break;
            default:
                SeeWhileClosed(steps, change);
                break;
        }

        ConfirmIfFinal(steps);
        return steps.Accepted();
    }

    /// <summary>
    /// Money in a later block than the window's end is itself the proof that the window is over. What came on time
    /// counts first, then the payment expires, then the rest is late: the same as if each had been seen alone, in its
    /// order.
    /// </summary>
    private static int ExpireFirst(Steps steps, Payment before)
    {
        var all = steps.Payment;
        steps.Replace(all with { Transfers = [.. all.Transfers.Where(t => t.FirstBlockTime <= all.Terms.ExpiresAt)] });
        SeeWhilePending(steps, steps.Payment.Received.CompareTo(before.Received));
        steps.Add(PaymentEventTypes.Expired, payment => payment with { Status = PaymentStatus.Expired });

        var change = all.Received.CompareTo(steps.Payment.Received);
        steps.Replace(steps.Payment with { Transfers = all.Transfers });
        return change;
    }

    private static void SeeWhilePending(Steps steps, int change)
    {
        if (Suffices(steps.Payment))
            steps.Add(PaymentEventTypes.Paid, Pay(steps));
        else if (change > 0)
            steps.Add(PaymentEventTypes.PartiallyPaid);
        else if (change < 0)
            steps.Add(PaymentEventTypes.AmountChanged);
    }

    private static void SeeWhilePaid(Steps steps, int change)
    {
        if (steps.Payment.Received < steps.Payment.Due)
        {
            steps.Add(PaymentEventTypes.Reverted, payment => payment with
            {
                Status = payment.PaidFrom,
                Late = false,
                PaidAt = null,
                RevertedAt = steps.Now,
            });
        }
        else if (change != 0)
        {
            steps.Add(PaymentEventTypes.AmountChanged);
        }
    }

    private static void SeeWhileConfirmed(Steps steps, Payment before, int change)
    {
        if (steps.Payment.FinalityViolated && !before.FinalityViolated)
            steps.Add(PaymentEventTypes.FinalityViolated);
        else if (change != 0)
            steps.Add(PaymentEventTypes.AmountChanged);
    }

    private static void SeeWhileClosed(Steps steps, int change)
    {
        if (change > 0)
            steps.Add(PaymentEventTypes.LateTransfer, payment => payment with { Resolution = null });
        else if (change < 0)
            steps.Add(PaymentEventTypes.AmountChanged);

        if (change > 0 && Suffices(steps.Payment))
            steps.Add(PaymentEventTypes.Paid, Pay(steps));
    }

    private static Decision Expire(Payment payment, PaymentInput.ChainTimeReached reached, DateTimeOffset now)
    {
        if (!MayExpire(payment, reached.BlockTime, now))
            return new Decision.Rejected(RejectionCodes.NotExpirable);

        var steps = new Steps(payment, now);
        steps.Add(PaymentEventTypes.Expired, expiring => expiring with { Status = PaymentStatus.Expired });
        return steps.Accepted();
    }

    private static Decision Cancel(Payment payment, DateTimeOffset now)
    {
        if (payment.Status != PaymentStatus.Pending || !payment.Received.IsZero)
            return new Decision.Rejected(RejectionCodes.NotCancelable);

        var steps = new Steps(payment, now);
        steps.Add(PaymentEventTypes.Canceled, canceling => canceling with { Status = PaymentStatus.Canceled });
        return steps.Accepted();
    }

    private static Decision Resolve(Payment payment, Resolution resolution, DateTimeOffset now)
    {
        var open = payment.Status is PaymentStatus.Pending or PaymentStatus.Expired or PaymentStatus.Canceled;
        var steps = new Steps(payment with { Resolution = resolution }, now);
        switch (resolution.Action)
        {
            case ResolutionAction.Accept when open && !payment.Received.IsZero:
                steps.Replace(steps.Payment with { AcceptedAmount = payment.Received });
                steps.Add(PaymentEventTypes.Paid, Pay(steps));
                ConfirmIfFinal(steps);
                return steps.Accepted();

            case ResolutionAction.Dismiss
                when open && payment.Status != PaymentStatus.Pending && payment.Resolution is null:
                steps.Add(PaymentEventTypes.Resolved);
                return steps.Accepted();

            default:
                return new Decision.Rejected(RejectionCodes.NotResolvable);
        }
    }

    private static void ConfirmIfFinal(Steps steps)
    {
        if (steps.Payment.Status == PaymentStatus.Paid && steps.Payment.Final >= steps.Payment.Due)
        {
            steps.Add(PaymentEventTypes.Confirmed, payment => payment with
            {
                Status = PaymentStatus.Confirmed,
                ConfirmedAt = steps.Now,
            });
        }
    }

    private static Func<Payment, Payment> Pay(Steps steps) => payment => payment with
    {
        Status = PaymentStatus.Paid,
        PaidFrom = payment.Status,
        PaidAt = steps.Now,
        Late = payment.ReceivedOnTime < payment.Due,
    };

    /// <summary>
    /// Enough, by the rule of the payment's state: on time while open; within the late window once expired (or while it
    /// waits for a reverted transfer); anything that a person has accepted before. Never on its own once canceled.
    /// </summary>
    private static bool Suffices(Payment payment)
    {
        if (payment.AcceptedAmount is not null)
            return payment.Received >= payment.Due;
        return payment.Status != PaymentStatus.Canceled
            && payment.ReceivedBy(payment.Terms.ExpiresAt + payment.Terms.LateWindow) >= payment.Due;
    }

    private static bool MayExpire(Payment payment, DateTimeOffset blockTime, DateTimeOffset now) =>
        payment.Status == PaymentStatus.Pending
        && blockTime > payment.Terms.ExpiresAt
        && payment.ReceivedOnTime < payment.Due
        && (payment.RevertedAt is not { } reverted || now >= reverted + RevertedGrace);

    private static DateTimeOffset LatestBlockTime(IReadOnlyList<Transfer> transfers) =>
        transfers.Max(transfer => transfer.FirstBlockTime);

    /// <summary>Collects a decision's steps: each is one version, one event, one snapshot.</summary>
    private sealed class Steps(Payment payment, DateTimeOffset now, Reorg? reorg = null)
    {
        private readonly List<PaymentEvent> _events = [];

        public Payment Payment { get; private set; } = payment;

        public DateTimeOffset Now { get; } = now;

        public void Replace(Payment payment) => Payment = payment;

        public void Add(string type, Func<Payment, Payment>? change = null)
        {
            var from = Payment.Status;
            Payment = (change?.Invoke(Payment) ?? Payment) with { Version = Payment.Version + 1 };
            _events.Add(new PaymentEvent(type, from, Payment, Now, reorg));
        }

        public Decision.Accepted Accepted() => new(Payment, _events);
    }
}
