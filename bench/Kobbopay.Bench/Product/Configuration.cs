using System.Security.Cryptography;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Product;

/// <summary>The demo merchant of a run, and the keys by which the services know each other.</summary>
internal sealed class Configuration
{
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

    /// <summary>The environment of one service.</summary>
    /// <param name="addresses">Where the others listen, by name.</param>
    public Dictionary<string, string> Of(
        string service, Workbench bench, IReadOnlyDictionary<string, Uri> addresses, Uri? webhooks)
    {
        var set = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_URLS"] = addresses[service].AbsoluteUri,
            // The demo merchant exists in Development only; the log is that of a production.
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["Logging__LogLevel__Default"] = "Warning",
            ["ConnectionStrings__messaging"] = bench.Servers.RabbitMq.Uri.AbsoluteUri,
            ["PublicUrl"] = addresses[ResourceNames.Gateway].AbsoluteUri,
            ["Demo__MerchantId"] = Id.Format(Id.Merchant, Merchant),
            ["Demo__ApiKey"] = ApiKey,
            ["Demo__WebhookSecret"] = bench.Secret,
            ["Egress__AllowedCidrs__0"] = "127.0.0.0/8",
            ["Secrets__CurrentKey"] = "bench",
            ["Secrets__Keys__bench"] = secretsKey,
        };
        if (webhooks is not null)
            set["Demo__WebhookUrl"] = webhooks.AbsoluteUri;
        if (ProductProcesses.DatabaseOf(service) is { } database)
            set[$"ConnectionStrings__{database}"] = bench.Servers.Postgres.ConnectionStringOf(database);
        foreach (var (other, address) in addresses)
        {
            set[$"services__{other}__http__0"] = address.AbsoluteUri;
            set[$"Identity__Issue__{other}"] = IdentityKey(service, other);
            set[$"Identity__Accept__{other}__0"] = IdentityKey(other, service);
        }

        return set;
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(48));
}
