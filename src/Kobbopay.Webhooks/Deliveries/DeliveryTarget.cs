using Kobbopay.Webhooks.Endpoints;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>An endpoint as its deliveries need it: read once for all that are claimed together.</summary>
/// <param name="Ordered">A payment's later events wait for the earlier ones.</param>
/// <param name="RateLimit">Requests per second at most; null for no limit.</param>
public sealed record DeliveryTarget(
    Guid EndpointId,
    Guid MerchantId,
    string Environment,
    Uri Url,
    bool BodySignature,
    bool Ordered,
    int? RateLimit,
    SealedSecret Secret)
{
    /// <summary>Of <c>webhook_endpoints w</c> and <c>webhook_secrets s</c>, as <see cref="Read"/> takes them.</summary>
    public const string Columns =
        "w.id, w.merchant_id, w.environment, w.url, w.body_signature, w.ordering = 'per_payment', w.rate_limit, "
        + "s.key_id, s.sealed";

    private string? _secret;

    public static async Task<Dictionary<Guid, DeliveryTarget>> ReadAllAsync(
        NpgsqlDataReader row, CancellationToken cancellation)
    {
        var targets = new Dictionary<Guid, DeliveryTarget>();
        while (await row.ReadAsync(cancellation))
        {
            var target = Read(row);
            targets[target.EndpointId] = target;
        }

        return targets;
    }

    /// <summary>Opened once, and kept no longer than the deliveries that were claimed with it.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The key ring lacks its key.</exception>
    public string OpenSecret(SecretVault vault) => _secret ??= vault.Open(EndpointId, Secret);

    private static DeliveryTarget Read(NpgsqlDataReader row) => new(
        row.GetGuid(0),
        row.GetGuid(1),
        row.GetString(2),
        new Uri(row.GetString(3)),
        row.GetBoolean(4),
        row.GetBoolean(5),
        row.IsDBNull(6) ? null : row.GetInt32(6),
        new SealedSecret(row.GetString(7), row.GetFieldValue<byte[]>(8)));
}
