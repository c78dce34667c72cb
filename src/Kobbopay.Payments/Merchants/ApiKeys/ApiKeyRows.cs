using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments.Merchants.ApiKeys;

/// <summary>A key as its merchant sees it: never the key itself, which is not kept.</summary>
/// <param name="Status"><c>active</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="LastUsedAt">To within some seconds; null while it has not been used.</param>
/// <param name="ReplacedBy">The key that it was rolled to.</param>
public record ApiKeyJson(
    string Id,
    string Environment,
    string Label,
    string Prefix,
    string Last4,
    IReadOnlyList<string> Scopes,
    IReadOnlyList<string>? AllowedIps,
    string Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt,
    DateTimeOffset? RevokedAt,
    string? ReplacedBy);

/// <summary>A new key: the one answer that shows it.</summary>
public sealed record NewApiKeyJson : ApiKeyJson
{
    public NewApiKeyJson(ApiKeyJson key, string? secret)
        : base(key) => Key = secret;

    /// <summary>Shown this once; null where the answer is given again.</summary>
    public string? Key { get; }

    /// <summary>The answer of an earlier request with the same idempotency key: the key is not kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SecretAlreadyShown => Key is null;
}

/// <summary>What a key is issued with.</summary>
public sealed record ApiKeyTerms(
    string Label, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt, IReadOnlyList<string>? AllowedIps);

/// <summary>Rows of <c>api_keys</c>, and the word to the gateways when one has changed.</summary>
internal static class ApiKeyRows
{
    /// <summary>The order is <see cref="Read"/>'s.</summary>
    public const string Columns = """
        k.id, k.environment, k.label, k.prefix, k.last4, k.scopes, k.allowed_ips, k.created_at, k.expires_at,
        k.last_used_at, k.revoked_at, k.replaced_by
        """;

    /// <summary>Not yet revoked, and not expired by <c>$3</c>.</summary>
    public const string IsActive = "k.revoked_at is null and (k.expires_at is null or k.expires_at > $3)";

    private const int PrefixLength = 8;

    public static ApiKeyJson Read(NpgsqlDataReader row, DateTimeOffset now)
    {
        var expires = TimeOrNull(row, 8);
        var revoked = TimeOrNull(row, 10);
        return new ApiKeyJson(
            Id.Format(Id.ApiKey, row.GetGuid(0)),
            row.GetString(1),
            row.GetString(2),
            row.GetString(3),
            row.GetString(4),
            row.GetFieldValue<string[]>(5),
            row.IsDBNull(6) ? null : row.GetFieldValue<string[]>(6),
            revoked is not null ? "revoked" : expires <= now ? "expired" : "active",
            PaymentRows.Time(row, 7),
            expires,
            TimeOrNull(row, 9),
            revoked,
            row.IsDBNull(11) ? null : Id.Format(Id.ApiKey, row.GetGuid(11)));
    }

    /// <summary>Adds a new key, and gives it: the text is nowhere else.</summary>
    public static NewApiKeyJson Insert(
        NpgsqlBatch batch, Guid id, Guid merchantId, string environment, ApiKeyTerms terms, DateTimeOffset now)
    {
        var key = ApiKey.Create(environment);
        var insert = batch.Add("""
            insert into api_keys
              (id, merchant_id, environment, hash, prefix, last4, label, scopes, expires_at, allowed_ips, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """);
        insert.AddId(id);
        insert.AddId(merchantId);
        insert.AddText(environment);
        insert.AddText(ApiKey.Hash(key));
        insert.AddText(key[..PrefixLength]);
        insert.AddText(key[^4..]);
        insert.AddText(terms.Label);
        insert.AddTexts([.. terms.Scopes]);
        insert.AddTime(terms.ExpiresAt);
        insert.AddTexts(terms.AllowedIps?.ToArray());
        insert.AddTime(now);
        return new NewApiKeyJson(
            new ApiKeyJson(
                Id.Format(Id.ApiKey, id), environment, terms.Label, key[..PrefixLength], key[^4..], terms.Scopes,
                terms.AllowedIps, "active", now, terms.ExpiresAt, LastUsedAt: null, RevokedAt: null, ReplacedBy: null),
            key);
    }

    /// <summary>Tells every gateway, through the outbox of the change's transaction.</summary>
    public static void Announce(NpgsqlBatch batch, TimeProvider clock, IEnumerable<ApiKeyChanged> changes)
    {
        foreach (var change in changes)
            batch.Add(Id.New(clock), change);
    }

    /// <summary>
    /// Makes all of a merchant's keys another version, in one environment or in both: what they may do hangs on the
    /// merchant, and that has changed.
    /// </summary>
    /// <param name="revokedAt">Set to end them all at once.</param>
    public static async Task<List<ApiKeyChanged>> TouchAllAsync(
        NpgsqlConnection connection, Guid merchantId, string? environment, CancellationToken cancellation,
        DateTimeOffset? revokedAt = null)
    {
        await using var command = new NpgsqlCommand(
            """
            update api_keys set version = version + 1, revoked_at = $3
            where merchant_id = $1 and ($2::text is null or environment = $2) and revoked_at is null
            returning hash, version
            """,
            connection);
        command.Parameters.AddId(merchantId);
        command.Parameters.AddText(environment);
        command.Parameters.AddTime(revokedAt);
        return await ReadChangesAsync(command, cancellation);
    }

    public static async Task<List<ApiKeyChanged>> ReadChangesAsync(
        NpgsqlCommand command, CancellationToken cancellation)
    {
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAllAsync(r => new ApiKeyChanged(r.GetString(0), r.GetInt32(1)), cancellation);
    }

    /// <exception cref="ProblemException"><c>not_found</c>.</exception>
    public static Guid ParseId(string text) => Id.TryParse(Id.ApiKey, text, out var id) ? id : throw NotFound();

    public static ProblemException NotFound() =>
        new(ProblemCodes.NotFound, "There is no such API key in this environment.");

    private static DateTimeOffset? TimeOrNull(NpgsqlDataReader row, int ordinal) =>
        row.IsDBNull(ordinal) ? null : PaymentRows.Time(row, ordinal);
}
