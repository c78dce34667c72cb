namespace Kobbopay.Payments.Domain;

/// <summary>
/// The lifecycle table of contracts.md, section 2 as a total, pure function. Time comes in as an argument, nothing goes
/// out but the decision. An observed transfer is never rejected: money always counts. docs/lifecycle.md shows it whole.
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
        PaymentInput.Cancel cancel => Cancel(payment, cancel, now),
        PaymentInput.Resolve resolve => Resolve(payment, resolve.Resolution, now),
        _ => throw new ArgumentOutOfRangeException(nameof(input)),
    };

    /// <summary>
    /// A scan may hold several rows of the table at once. They are taken in the order in which they would have been
    /// seen alone: what is gone before what is new, what came on time before the end of the window, and that before
    /// what is late.
    /// </summary>
    private static Decision.Accepted See(Payment before, PaymentInput.ChainSeen seen, DateTimeOffset now)
    {
        var steps = new Steps(before with { Head = seen.HeadFor(before.Terms) }, now, seen.Reorg);
        var all = before with { Transfers = seen.Transfers };
        var known = before.Transfers.Select(transfer => transfer.Id).ToHashSet();
        if (before.Status == PaymentStatus.Paid && all.Received < all.Due)
        {
            TakeIn(steps, [.. seen.Transfers.Where(transfer => known.Contains(transfer.Id))]);
        }
        else if (News.Between(before.Transfers, seen.Transfers).More
            && MayExpire(all, seen.Transfers.Max(transfer => transfer.FirstBlockTime), now))
        {
            // Money in a later block than the window's end is itself the proof that the window is over.
            TakeIn(steps, [.. seen.Transfers.Where(transfer =>
                known.Contains(transfer.Id) || transfer.FirstBlockTime <= before.Terms.ExpiresAt)]);
            if (steps.Payment.Status == PaymentStatus.Pending)
                steps.Add(PaymentEventTypes.Expired, payment => payment with { Status = PaymentStatus.Expired });
        }

        TakeIn(steps, seen.Transfers);
        ConfirmIfFinal(steps);
        return steps.Accepted();
    }

    private static void TakeIn(Steps steps, IReadOnlyList<Transfer> transfers)
    {
        var before = steps.Payment;
        var news = News.Between(before.Transfers, transfers);
        steps.Replace(before with { Transfers = transfers });
        switch (before.Status)
        {
            case PaymentStatus.Pending:
                SeeWhilePending(steps, news);
                break;
            case PaymentStatus.Paid:
                SeeWhilePaid(steps, news);
                break;
            case PaymentStatus.Confirmed:
                SeeWhileConfirmed(steps, news, before.FinalityViolated);
                break;
            default:
                SeeWhileClosed(steps, news);
                break;
        }
    }

    private static void SeeWhilePending(Steps steps, News news)
    {
        if (Suffices(steps.Payment))
            steps.Add(PaymentEventTypes.Paid, Pay(steps));
        else if (news.More && steps.Payment.Received < steps.Payment.Due)
            steps.Add(PaymentEventTypes.PartiallyPaid);
        else
            ChangeAmounts(steps, news);
    }

    private static void SeeWhilePaid(Steps steps, News news)
    {
        if (steps.Payment.Received >= steps.Payment.Due)
        {
            ChangeAmounts(steps, news);
            return;
        }

        steps.Add(
            PaymentEventTypes.Reverted,
            payment => payment with
            {
                Status = payment.PaidFrom,
                Late = false,
                PaidAt = null,
                RevertedAt = steps.Now,
            },
            steps.Reorg);
    }

    private static void SeeWhileConfirmed(Steps steps, News news, bool wasViolated)
    {
        if (steps.Payment.FinalityViolated && !wasViolated)
            steps.Add(PaymentEventTypes.FinalityViolated, reorg: steps.Reorg);
        else
            ChangeAmounts(steps, news);
    }

    private static void SeeWhileClosed(Steps steps, News news)
    {
        if (!news.More)
        {
            ChangeAmounts(steps, news);
            return;
        }

        // What a person dismissed was the money of that time.
        steps.Add(PaymentEventTypes.LateTransfer, payment => payment with { Resolution = null });
        if (Suffices(steps.Payment))
            steps.Add(PaymentEventTypes.Paid, Pay(steps));
    }

    /// <summary>
    /// Amounts that change without a status. Whether it was paid late follows from what stands, not from the order in
    /// which it came.
    /// </summary>
    private static void ChangeAmounts(Steps steps, News news)
    {
        if (news is { More: false, Less: false })
            return;

        var paid = steps.Payment.Status is PaymentStatus.Paid or PaymentStatus.Confirmed
            && steps.Payment.Received >= steps.Payment.Due;
        steps.Add(
            PaymentEventTypes.AmountChanged,
            payment => payment with { Late = paid ? IsLate(payment) : payment.Late },
            news.Less ? steps.Reorg : null);
    }

    private static Decision Expire(Payment payment, PaymentInput.ChainTimeReached reached, DateTimeOffset now)
    {
        if (!MayExpire(payment, reached.BlockTime, now))
            return new Decision.Rejected(RejectionCodes.NotExpirable);

        var steps = new Steps(payment, now);
        steps.Add(PaymentEventTypes.Expired, expiring => expiring with { Status = PaymentStatus.Expired });
        return steps.Accepted();
    }

    private static Decision Cancel(Payment payment, PaymentInput.Cancel cancel, DateTimeOffset now)
    {
        if (payment.Status != PaymentStatus.Pending || !payment.Received.IsZero)
            return new Decision.Rejected(RejectionCodes.NotCancelable);

        var steps = new Steps(payment, now);
        steps.Add(
            PaymentEventTypes.Canceled,
            canceling => canceling with { Status = PaymentStatus.Canceled },
            by: new Doer(cancel.Actor));
        return steps.Accepted();
    }

    private static Decision Resolve(Payment payment, Resolution resolution, DateTimeOffset now)
    {
        var closed = payment.Status is PaymentStatus.Expired or PaymentStatus.Canceled;
        var steps = new Steps(payment with { Resolution = resolution }, now);
        var by = new Doer(resolution.Actor, resolution.Reason);
        switch (resolution.Action)
        {
            case ResolutionAction.Accept
                when (closed || payment.Status == PaymentStatus.Pending) && !payment.Received.IsZero:
                // Accepting never asks for more than was due before.
                var accepted = System.Numerics.BigInteger.Min(payment.Received, payment.Due);
                steps.Replace(steps.Payment with { AcceptedAmount = accepted });
                steps.Add(PaymentEventTypes.Paid, Pay(steps), by: by);
                ConfirmIfFinal(steps);
                return steps.Accepted();

            case ResolutionAction.Dismiss
                when closed && payment.Resolution is not { Action: ResolutionAction.Dismiss }:
                steps.Add(PaymentEventTypes.Resolved, by: by);
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
        Late = IsLate(payment),
    };

    private static bool IsLate(Payment payment) => payment.ReceivedOnTime < payment.Due;

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
}
