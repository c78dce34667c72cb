using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Npgsql;

namespace Kobbopay.Payments.Audit;

/// <summary>Entries of what a request changes: who, when and from where are the request's.</summary>
public sealed class AuditTrail(TimeProvider clock)
{
    /// <summary>Whoever has no identity: an applicant, or the holder of a claim link.</summary>
    private const string Public = "public";

    /// <summary>The gateway's word of where a request came from; nobody else can set it.</summary>
    private const string ClientAddress = "X-Forwarded-For";

    public static string? AddressOf(HttpContext http) =>
        http.Request.Headers[ClientAddress].ToString() is { Length: > 0 } address ? address : null;

    public static string ActorOf(HttpContext http) =>
        http.Features.Get<OperatorIdentity>() is { } who ? $"operator:{who.Name}"
            : http.Features.Get<MerchantIdentity>() is { } merchant ? Id.Format(Id.ApiKey, merchant.KeyId)
            : Public;

    /// <summary>Adds the entry, as the last of the transaction that makes it true (<see cref="AuditLog"/>).</summary>
    /// <param name="subject">The public id of what was changed.</param>
    public void Add(
        NpgsqlBatch batch,
        HttpContext http,
        string action,
        string subject,
        Guid? merchantId = null,
        string? environment = null,
        JsonObject? details = null)
    {
        var id = Id.New(clock);
        AuditLog.Add(batch, id, EntryOf(id, http, action, subject, merchantId, environment, details));
    }

    /// <summary>The same of a merchant's key, in its own environment.</summary>
    public void Add(
        NpgsqlBatch batch,
        HttpContext http,
        MerchantIdentity merchant,
        string action,
        string subject,
        JsonObject? details = null) =>
        Add(batch, http, action, subject, merchant.MerchantId, merchant.Environment, details);

    /// <summary>The same of what happens often (<see cref="AuditLog.Enqueue"/>), anywhere in the
    /// transaction.</summary>
    public void Enqueue(
        NpgsqlBatch batch,
        HttpContext http,
        MerchantIdentity merchant,
        string action,
        string subject,
        JsonObject? details = null)
    {
        var id = Id.New(clock);
        AuditLog.Enqueue(
            batch, id, EntryOf(id, http, action, subject, merchant.MerchantId, merchant.Environment, details));
    }

    private AuditEntry EntryOf(
        Guid id,
        HttpContext http,
        string action,
        string subject,
        Guid? merchantId,
        string? environment,
        JsonObject? details) => new(
            id.ToString(),
            clock.Now(),
            ActorOf(http),
            action,
            subject,
            merchantId is { } merchant ? Id.Format(Id.Merchant, merchant) : null,
            environment,
            details,
            http.TraceIdentifier,
            AddressOf(http));
}
