using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Payments.Audit;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Claims;

/// <summary>What a claim hands out.</summary>
internal static class ClaimKinds
{
    /// <summary>Xpubs, the first API key, and an endpoint's secret.</summary>
    public const string Materials = "materials";

    /// <summary>Other xpubs: a change that takes merchant and operator together.</summary>
    public const string Xpub = "xpub";
}

/// <summary>A link and its code, shown once to the operator, who hands them over by two different ways.</summary>
/// <param name="Kind">One of <see cref="ClaimKinds"/>.</param>
/// <param name="Url">The token is in its fragment. Null, as the code is, where the answer is given again.</param>
/// <param name="Code">Six digits.</param>
internal sealed record ClaimLink(
    string Id, string Environment, string Kind, string? Url, string? Code, DateTimeOffset ExpiresAt)
{
    /// <summary>The answer of an earlier request with the same idempotency key: link and code are not kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SecretAlreadyShown => Code is null;

    /// <summary>What is stored of it.</summary>
    public ClaimLink WithoutSecret() => this with { Url = null, Code = null };
}

/// <summary>Issues one-time links (contracts.md, section 6); of token and code only hashes are kept.</summary>
internal sealed class ClaimLinks(PublicUrl url, AuditTrail audit, TimeProvider clock)
{
    private const int Codes = 1_000_000;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(72);

    /// <summary>Adds a link to the transaction; an open one of the same kind and environment ends with it.</summary>
    public ClaimLink Issue(NpgsqlBatch batch, HttpContext http, Guid merchantId, string environment, string kind)
    {
        var now = clock.Now();
        var (id, token) = (Id.New(now), SecretToken.New());
        var code = RandomNumberGenerator.GetInt32(Codes).ToString("D6", CultureInfo.InvariantCulture);
        var expires = now + Lifetime;
        Revoke(batch, merchantId, environment, kind, now);
        var insert = batch.Add("""
            insert into claims
              (id, merchant_id, environment, kind, token_hash, code_hash, endpoint_id, issued_by, created_at,
               expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """);
        insert.AddId(id);
        insert.AddId(merchantId);
        insert.AddText(environment);
        insert.AddText(kind);
        insert.AddText(SecretToken.Hash(token));
        insert.AddText(HashOf(token, code));
        insert.AddId(Id.New(now));
        insert.AddText(AuditTrail.ActorOf(http));
        insert.AddTime(now);
        insert.AddTime(expires);
        var shown = Id.Format(Id.Claim, id);
        audit.Add(batch, http, "claim.issued", shown, merchantId, environment, new JsonObject { ["kind"] = kind });
        return new ClaimLink(shown, environment, kind, url.OfClaim(token), code, expires);
    }

    /// <param name="environment">Null for both.</param>
    /// <param name="kind">Null for every kind.</param>
    public static void Revoke(
        NpgsqlBatch batch, Guid merchantId, string? environment, string? kind, DateTimeOffset now)
    {
        var revoke = batch.Add("""
            update claims set revoked_at = $4
            where merchant_id = $1 and ($2::text is null or environment = $2) and ($3::text is null or kind = $3)
              and claimed_at is null and revoked_at is null
            """);
        revoke.AddId(merchantId);
        revoke.AddText(environment);
        revoke.AddText(kind);
        revoke.AddTime(now);
    }

    /// <summary>The code has too few digits to be hashed alone; with the token nobody can try them all.</summary>
    public static string HashOf(string token, string code) => SecretToken.Hash($"{token}/{code}");
}
