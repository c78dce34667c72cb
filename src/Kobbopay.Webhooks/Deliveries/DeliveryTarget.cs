using Kobbopay.Webhooks.Endpoints;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>An endpoint as its deliveries need it: read once for all that are claimed together.</summary>
/// <param name="RateLimit">Requests per second at most; null for no limit.</param>
public sealed record DeliveryTarget(
    Guid EndpointId,
    Guid MerchantId,
    string Environment,
    string Url,
    bool BodySignature,
    int? RateLimit,
    SealedEndpoint Sealed)
{
    /// <summary>Of <c>webhook_endpoints w</c> and <c>webhook_secrets s</c>, as <see cref="Read"/> takes them.</summary>
    public const string Columns =
        "w.id, w.merchant_id, w.environment, w.url, w.body_signature, w.rate_limit, "
        + SealedEndpoint.Columns;

    private EndpointSecrets? _secrets;
    private Uri? _url;

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
    public EndpointSecrets OpenSecrets(SecretVault vault, DateTimeOffset now) =>
        _secrets ??= Sealed.Open(vault, EndpointId, now);

    /// <summary>Where to send, by the rules of today; null when they refuse it.</summary>
    public Uri? CheckedUrl(EgressGuard egress)
    {
        if (_url is null && EndpointUrl.Check(Url, Environment, egress, out var url) is null)
            _url = url;
        return _url;
    }

    public static DeliveryTarget Read(NpgsqlDataReader row) => new(
        row.GetGuid(0),
        row.GetGuid(1),
        row.GetString(2),
        row.GetString(3),
        row.GetBoolean(4),
        row.IsDBNull(5) ? null : row.GetInt32(5),
        SealedEndpoint.Read(row, 6));
}
