using System.Security.Cryptography;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.Webhooks.Endpoints;

namespace Kobbopay.Bench.Product;

/// <summary>The demo merchant of a run, and the keys by which the services know each other.</summary>
internal sealed class Configuration
{
    private const string Ring = "bench";
    private const string Unlimited = "1000000";

    private readonly Dictionary<(string From, string To), string> identityKeys = new();
    private readonly string secretsKey = NewKey();

    public Guid Merchant { get; } = Id.New(TimeProvider.System);

    public string ApiKey { get; } = Contracts.ApiKey.Create(MerchantEnvironments.Test);

    /// <summary>The key with which one service signs for another.</summary>
    public string IdentityKey(string from, string to)
    {
        if (!identityKeys.TryGetValue((from, to), out var key))
            identityKeys[(from, to)] = key = NewKey();
        return key;
    }

    /// <summary>Seals as the Webhooks service does.</summary>
    public SecretVault Vault() => new(new ConfigurationBuilder().AddInMemoryCollection(
    [
        new("Secrets:CurrentKey", Ring),
        new($"Secrets:Keys:{Ring}", secretsKey),
    ]).Build());

    /// <summary>The environment of one service.</summary>
    /// <param name="addresses">Where the others listen, by name.</param>
    public Dictionary<string, string> Of(
        string service,
        Workbench bench,
        Installation installation,
        IReadOnlyDictionary<string, Uri> addresses,
        Uri? webhooks)
    {
        var set = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_URLS"] = addresses[service].AbsoluteUri,
            // The demo merchant exists in Development only; the log is that of a production.
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["Logging__LogLevel__Default"] = "Warning",
            ["ConnectionStrings__messaging"] = installation.Broker.AbsoluteUri,
            ["PublicUrl"] = addresses[ResourceNames.Gateway].AbsoluteUri,
            ["Demo__MerchantId"] = Id.Format(Id.Merchant, Merchant),
            ["Demo__ApiKey"] = ApiKey,
            ["Demo__WebhookSecret"] = bench.Secret,
            ["Egress__AllowedCidrs__0"] = "127.0.0.0/8",
            // What is measured is the product and not its limits.
            ["Limits__TestPerSecond"] = Unlimited,
            ["Limits__LivePerSecond"] = Unlimited,
            ["Limits__PublicPerSecond"] = Unlimited,
            ["Limits__PublicBurst"] = Unlimited,
            ["Limits__StreamsPerAddress"] = Unlimited,
            ["Secrets__CurrentKey"] = Ring,
            [$"Secrets__Keys__{Ring}"] = secretsKey,
        };
        if (webhooks is not null)
            set["Demo__WebhookUrl"] = webhooks.AbsoluteUri;
        if (ProductProcesses.DatabaseOf(service) is { } database)
            set[$"ConnectionStrings__{database}"] = installation.ConnectionStringOf(bench, database);
        foreach (var (other, address) in addresses)
        {
            set[$"services__{other}__http__0"] = address.AbsoluteUri;
            set[$"Identity__Issue__{other}"] = IdentityKey(service, other);
            set[$"Identity__Accept__{other}__0"] = IdentityKey(other, service);
        }

        foreach (var (name, value) in installation.Settings)
            set[name] = value;

        return set;
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(48));
}
