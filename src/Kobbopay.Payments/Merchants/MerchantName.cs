namespace Kobbopay.Payments.Merchants;

/// <summary>The name that payers read.</summary>
internal static class MerchantName
{
    public const int Limit = 100;
}
