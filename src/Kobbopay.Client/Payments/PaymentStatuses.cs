namespace Kobbopay.Client;

/// <summary>The values of <see cref="Payment.Status"/> that are known today; others may come.</summary>
public static class PaymentStatuses
{
    /// <summary>Open, and not enough has been seen.</summary>
    public const string Pending = "Pending";

    /// <summary>Enough has been seen on the chain, and is not final yet: do not hand over goods.</summary>
    public const string Paid = "Paid";

    /// <summary>Enough is final.</summary>
    public const string Confirmed = "Confirmed";

    /// <summary>The window ended before enough was seen.</summary>
    public const string Expired = "Expired";

    /// <summary>The merchant has canceled it.</summary>
    public const string Canceled = "Canceled";
}

/// <summary>The values of <see cref="Payment.Outcome"/> that are known today; others may come.</summary>
public static class PaymentOutcomes
{
    /// <summary>Nothing was received.</summary>
    public const string None = "none";

    /// <summary>Less than is due, and the payment is still open.</summary>
    public const string Partial = "partial";

    /// <summary>Less than the amount, within the tolerance or on a closed payment.</summary>
    public const string Under = "under";

    /// <summary>The amount.</summary>
    public const string Exact = "exact";

    /// <summary>More than the amount.</summary>
    public const string Over = "over";
}

/// <summary>The values of <see cref="Fulfilment.Decision"/> that are known today; others may come.</summary>
public static class FulfilmentDecisions
{
    /// <summary>Do nothing yet.</summary>
    public const string Wait = "wait";

    /// <summary>Hand over the goods.</summary>
    public const string Fulfil = "fulfil";

    /// <summary>A person has to decide.</summary>
    public const string Review = "review";

    /// <summary>Do not hand over the goods, or get them back.</summary>
    public const string Stop = "stop";
}
