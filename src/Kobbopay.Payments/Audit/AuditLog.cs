using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Npgsql;

namespace Kobbopay.Payments.Audit;

/// <summary>What somebody changed (contracts.md, section 6).</summary>
/// <param name="Actor"><c>operator:{name}</c>, the id of an API key, <c>claim</c> of whoever holds a link, or
/// <c>system</c>.</param>
/// <param name="Action">What was done, <c>merchant.suspended</c>.</param>
/// <param name="Subject">To what, by its public id.</param>
/// <param name="MerchantId">Whose it is, by the public id; null for what is nobody's yet.</param>
/// <param name="Details">What was changed; never a secret.</param>
public sealed record AuditEntry(
    string Id,
    DateTimeOffset At,
    string Actor,
    string Action,
    string Subject,
    string? MerchantId,
    string? Environment,
    JsonObject? Details,
    string? RequestId,
    string? Address)
{
    /// <summary>The actor of what nobody asked for.</summary>
    public const string System = "system";

    /// <summary>One line of JSON: what is stored, hashed and shown.</summary>
    public string ToText() => JsonSerializer.Serialize(this, AuditJson.Relaxed.AuditEntry);
}

/// <summary>
/// The append-only, hash-chained log: hash n = SHA-256(hash n-1, entry n), over the entry's text as it is stored. An
/// entry is written in the transaction of the change: into the chain, or, of what happens often, beside it.
/// </summary>
public static class AuditLog
{
    public static byte[] HashOf(ReadOnlySpan<byte> before, string entry) =>
        SHA256.HashData([.. before, .. Encoding.UTF8.GetBytes(entry)]);

    /// <summary>
    /// Adds an entry that <see cref="ChainAuditLog"/> gives its place a second later: for changes that must not wait
    /// for each other.
    /// </summary>
    public static void Enqueue(NpgsqlBatch batch, Guid id, AuditEntry entry)
    {
        var parameters = batch.Add("insert into audit_waiting (id, entry) values ($1, $2)");
        parameters.AddId(id);
        parameters.AddText(entry.ToText());
    }

    /// <summary>
    /// Adds an entry to the transaction of what it tells of, as its last statement, since each waits for the one before
    /// to be committed; the id of one that is there adds nothing.
    /// </summary>
    public static void Add(NpgsqlBatch batch, Guid id, AuditEntry entry)
    {
        var parameters = batch.Add(
            """
            with head as (
              update audit_head
              set sequence = sequence + 1, hash = sha256(hash || convert_to($2, 'UTF8'))
              where not exists (select from audit_log where id = $1)
              returning sequence, hash)
            insert into audit_log (sequence, id, entry, hash) select sequence, $1, $2, hash from head
            """);
        parameters.AddId(id);
        parameters.AddText(entry.ToText());
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(MillisecondTime)])]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(AuditVerdict))]
internal sealed partial class AuditJson : JsonSerializerContext
{
    /// <summary>The one to use: an entry is read by people, and its bytes are what is hashed.</summary>
    public static AuditJson Relaxed => Lean.Instance;

    private static class Lean
    {
        public static readonly AuditJson Instance = new(new JsonSerializerOptions(
            new AuditJson().GeneratedSerializerOptions!)
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        });
    }
}
