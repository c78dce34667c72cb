namespace Kobbopay.Payments.Merchants;

/// <summary>What a merchant may do at all, by an operator's decision.</summary>
internal static class MerchantStatus
{
    public const string Active = "active";

    /// <summary>Its keys read and change nothing; what is under way goes on.</summary>
    public const string Suspended = "suspended";

    /// <summary>For good: its keys are revoked. Payments that are open are still watched to their end.</summary>
    public const string Closed = "closed";

    public static readonly string[] All = [Active, Suspended, Closed];
}
