namespace Kobbopay.Client;

/// <summary>The scripts that a test payment can play.</summary>
public static class SandboxScenarios
{
    /// <summary>The amount is sent and confirmed.</summary>
    public const string Paid = "paid";

    /// <summary>Half of it is sent.</summary>
    public const string Underpaid = "underpaid";

    /// <summary>Half of it, then the rest.</summary>
    public const string UnderpaidThenTopup = "underpaid_then_topup";

    /// <summary>A tenth more is sent.</summary>
    public const string Overpaid = "overpaid";

    /// <summary>The clock passes the window, then the amount is sent.</summary>
    public const string Late = "late";

    /// <summary>A reorganisation drops the transaction.</summary>
    public const string ReorgAfterPaid = "reorg_after_paid";

    /// <summary>A reorganisation puts the transaction into another block.</summary>
    public const string MovedByReorg = "moved_by_reorg";

    /// <summary>One transaction with two transfers.</summary>
    public const string TwoTransfersOneTx = "two_transfers_one_tx";

    /// <summary>A reorganisation drops what was final.</summary>
    public const string DeepReorgAfterConfirmed = "deep_reorg_after_confirmed";

    /// <summary>The clock passes the window.</summary>
    public const string NeverPaid = "never_paid";

    /// <summary>The network can't be read for ten seconds, and the amount is sent meanwhile.</summary>
    public const string ProviderDown = "provider_down";
}
