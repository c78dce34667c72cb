namespace Kobbopay.Contracts;

/// <summary>
/// The two environments of a merchant; no row of one is ever visible from the other (contracts.md, section 1).
/// </summary>
public static class MerchantEnvironments
{
    public const string Test = "test";
    public const string Live = "live";
}
