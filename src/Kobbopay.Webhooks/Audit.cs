using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Webhooks.Endpoints;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks;

/// <summary>
/// What a merchant's key changes here goes into the audit log that Payments keeps: the entry is a row of the outbox,
/// written by the statement or transaction that makes the change. A handler that takes one as a parameter gets the
/// request's; the relay is woken when the request has been answered.
/// </summary>
internal sealed class Audit(HttpContext http, MerchantIdentity merchant, TimeProvider clock)
{
    public static ValueTask<Audit?> BindAsync(HttpContext http) => ValueTask.FromResult<Audit?>(new Audit(
        http, http.Features.Get<MerchantIdentity>()!, http.RequestServices.GetRequiredService<TimeProvider>()));

    /// <summary>
    /// For a statement that makes its change in a part <c>with changed as (...)</c>:
    /// <c>audited as ({Audit.Insert} $4, $5, $6 from changed)</c>. What changes nothing records nothing.
    /// </summary>
    public const string Insert =
        $"insert into outbox (message_type, id, body, traceparent) select '{nameof(AuditRecorded)}',";

    /// <summary>The three parameters of <see cref="Insert"/>.</summary>
    public void AddTo(
        NpgsqlParameterCollection parameters, string action, string subject, AuditDetails? details = null)
    {
        var entry = Entry(action, subject, details);
        parameters.Add(new NpgsqlParameter<Guid> { TypedValue = entry.Id });
        parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Outbox.Write(entry) });
        parameters.AddNullable(Activity.Current?.Id, NpgsqlDbType.Text);
    }

    /// <summary>The same for a change that is a batch's.</summary>
    public void AddTo(NpgsqlBatch batch, string action, string subject, AuditDetails? details = null)
    {
        var entry = Entry(action, subject, details);
        batch.Add(entry.Id, entry);
    }

    private AuditRecorded Entry(string action, string subject, AuditDetails? details)
    {
        var relay = http.RequestServices.GetRequiredService<Signal<OutboxRelay>>();
        http.Response.OnCompleted(() =>
        {
            relay.Set();
            return Task.CompletedTask;
        });
        var now = clock.GetUtcNow();
        return new AuditRecorded(
            Id.New(now), now, merchant.MerchantId, merchant.Environment, Id.Format(Id.ApiKey, merchant.KeyId), action,
            subject, JsonSerializer.Serialize(details ?? new AuditDetails(), AuditJson.Default.AuditDetails),
            http.TraceIdentifier);
    }
}

/// <summary>What was changed to what: only the fields that a change has. No secret, and of headers their names
/// alone.</summary>
/// <param name="Cleared">Fields whose value was taken away.</param>
internal sealed record AuditDetails(
    string? Url = null,
    IReadOnlyList<string>? Events = null,
    string? Description = null,
    string? Ordering = null,
    bool? BodySignature = null,
    int? RateLimit = null,
    IReadOnlyList<string>? HeaderNames = null,
    IReadOnlyList<string>? Cleared = null,
    DateTimeOffset? OverlapUntil = null,
    string? Endpoint = null,
    DateTimeOffset? Since = null,
    string? Status = null,
    IReadOnlyList<string>? Failed = null)
{
    public static AuditDetails Of(EndpointRow endpoint) => new(
        endpoint.Url, endpoint.Events, endpoint.Description, endpoint.Ordering, endpoint.BodySignature,
        endpoint.RateLimit, endpoint.HeaderNames);
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeJson)])]
[JsonSerializable(typeof(AuditDetails))]
internal sealed partial class AuditJson : JsonSerializerContext;
