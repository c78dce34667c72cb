namespace Kobbopay.Contracts;

/// <summary>
/// What the chain took back from a payment: not a field that payers are shown, but what their guidance speaks of.
/// </summary>
public static class PaymentSetbacks
{
    /// <summary>The payment was Paid, and the transfers that made it so have left the chain.</summary>
    public const string Reverted = "reverted";

    /// <summary>The chain dropped a transfer of a Confirmed payment after all.</summary>
    public const string FinalityViolated = "finality_violated";
}
