namespace Kobbopay.ServiceDefaults;

/// <summary>
/// The one list of names by which the parts of the system find each other: Aspire's resources, connection strings,
/// service discovery and identity audiences. No hyphens: an environment variable with one can't be set from a shell.
/// </summary>
public static class ResourceNames
{
    public const string Gateway = "gateway";
    public const string Payments = "payments";
    public const string Webhooks = "webhooks";
    public const string PublicStatus = "publicstatus";

    public const string Postgres = "postgres";
    public const string PaymentsDatabase = "paymentsdb";
    public const string WebhooksDatabase = "webhooksdb";
    public const string PublicStatusDatabase = "publicstatusdb";

    public const string Messaging = "messaging";

    /// <summary>The developer's own EVM chain, in run mode.</summary>
    public const string Anvil = "anvil";
}
