using System.Text.Json.Serialization;
using Kobbopay.Client;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>
/// <c>POST /v1/webhook-endpoints/{id}/rotate-secret</c> and <c>.../complete</c> (contracts.md, section 4). An overlap
/// whose time has come counts as completed, whether or not the row has been rewritten since.
/// </summary>
internal static class RotateSecret
{
    private const string Route = "/v1/webhook-endpoints/{id}/rotate-secret";

    /// <summary>Locked first, so that a rotation and a deletion wait for each other.</summary>
    private const string Asked =
        $"asked as (select {EndpointRow.Columns} from webhook_endpoints where {EndpointRow.IsTarget} for update)";

    /// <summary>Of two at once the second sees the first one's overlap. Without an overlap ($5 null: a leak) nothing of
    /// before stays, whatever is under way.</summary>
    private const string Rotate = $"""
        with {Asked},
        rotated as (
          update webhook_secrets s
          set key_id = case when $5 is null then $6 else coalesce(s.next_key_id, s.key_id) end,
            sealed = case when $5 is null then $7 else coalesce(s.next_sealed, s.sealed) end,
            next_key_id = case when $5 is null then null else $6 end,
            next_sealed = case when $5 is null then null else $7 end,
            overlap_until = $5,
            -- What signed until now, or until an overlap lapsed, is remembered to explain its signatures.
            previous_key_id = case when $5 is null and s.overlap_until <= $4 then s.next_key_id
              when $5 is null or s.next_key_id is not null then s.key_id else s.previous_key_id end,
            previous_sealed = case when $5 is null and s.overlap_until <= $4 then s.next_sealed
              when $5 is null or s.next_sealed is not null then s.sealed else s.previous_sealed end,
            previous_retired_at = case when $5 is null then $4
              else coalesce(s.overlap_until, s.previous_retired_at) end
          from asked a
          where s.endpoint_id = a.id and ($5 is null or s.overlap_until is null or s.overlap_until <= $4)
          returning s.endpoint_id),
        audited as ({Audit.Insert} $8, $9, $10 from rotated)
        select a.*, exists (select from rotated) from asked a
        """;

    private const string Complete = $"""
        with {Asked},
        completed as (
          update webhook_secrets s
          set key_id = s.next_key_id, sealed = s.next_sealed, next_key_id = null, next_sealed = null,
            overlap_until = null, previous_key_id = s.key_id, previous_sealed = s.sealed,
            previous_retired_at = least(s.overlap_until, $4)
          from asked a where s.endpoint_id = a.id and s.overlap_until is not null
          returning s.previous_retired_at),
        audited as ({Audit.Insert} $5, $6, $7 from completed where previous_retired_at = $4)
        select * from asked
        """;

    public static void MapRotateSecret(this IEndpointRouteBuilder app)
    {
        app.MapPost(Route, RotateAsync).RequireMerchant(Scopes.WebhooksWrite)
            .Describe("rotateWebhookSecret", "Give a webhook endpoint a new secret")
            .Refuses(ProblemCodes.RotationInProgress)
            .MayTake<RotateSecretRequest>()
            .Answers<RotatedEndpointAnswer>();
        app.MapPost($"{Route}/complete", CompleteAsync).RequireMerchant(Scopes.WebhooksWrite)
            .Describe("completeWebhookSecretRotation", "Let the new secret count alone")
            .MayTake<EmptyRequest>()
            .Answers<EndpointAnswer>();
    }

    private static async Task RotateAsync(
        HttpContext http,
        string id,
        MerchantIdentity merchant,
        SecretVault vault,
        StoredAnswers answers,
        Audit audit,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var endpointId = ReadEndpoints.ParseId(id);
        var body = await JsonBody.ReadOrDefaultAsync(
            http, WebhooksJson.Default.RotateSecretRequest, RotateSecretRequest.Default, cancellation);
        http.Response.Headers.CacheControl = "no-store";
        await answers.AnswerAsync(
            http, merchant, body.Bytes, WebhooksJson.Default.RotatedEndpointAnswer, database, RotateAsync,
            cancellation);

        async Task<GivenAnswer<RotatedEndpointAnswer>> RotateAsync(NpgsqlConnection connection)
        {
            var now = clock.GetUtcNow();
            var overlapUntil = body.Value.OverlapUntil(now);
            var secret = WebhookSecret.Create();
            var next = vault.Seal(endpointId, secret);
            await using var command = new NpgsqlCommand(Rotate, connection);
            EndpointRow.AddTarget(command.Parameters, endpointId, merchant);
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
            command.Parameters.AddNullable(overlapUntil, NpgsqlDbType.TimestampTz);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = next.KeyId });
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = next.Bytes });
            audit.AddTo(
                command.Parameters, "webhook_endpoint.secret_rotated", id,
                new AuditDetails(OverlapUntil: overlapUntil));
            var rotated = EndpointAnswer.Of(
                await ReadAsync(command, cancellation) with { OverlapUntil = overlapUntil }, now);
            return new(
                new RotatedEndpointAnswer(rotated, secret, overlapUntil),
                OnReplay: new RotatedEndpointAnswer(rotated, secret: null, overlapUntil));
        }
    }

    private static async Task CompleteAsync(
        HttpContext http,
        string id,
        MerchantIdentity merchant,
        StoredAnswers answers,
        Audit audit,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var endpointId = ReadEndpoints.ParseId(id);
        var body = await JsonBody.ReadOrDefaultAsync(
            http, WebhooksJson.Default.EmptyRequest, EmptyRequest.Instance, cancellation);
        await answers.AnswerAsync(
            http, merchant, body.Bytes, WebhooksJson.Default.EndpointAnswer, database, CompleteAsync, cancellation);

        async Task<GivenAnswer<EndpointAnswer>> CompleteAsync(NpgsqlConnection connection)
        {
            var now = clock.GetUtcNow();
            await using var command = new NpgsqlCommand(Complete, connection);
            EndpointRow.AddTarget(command.Parameters, endpointId, merchant);
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
            audit.AddTo(command.Parameters, "webhook_endpoint.rotation_completed", id);
            var endpoint = await EndpointRow.ReadOneAsync(command, cancellation) with { OverlapUntil = null };
            return new(EndpointAnswer.Of(endpoint, now));
        }
    }

    /// <exception cref="ProblemException"><c>not_found</c>, <c>rotation_in_progress</c>.</exception>
    private static async Task<EndpointRow> ReadAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
            throw ReadEndpoints.NotFound();
        return reader.GetBoolean(reader.FieldCount - 1)
            ? EndpointRow.Read(reader)
            : throw new ProblemException(
                ProblemCodes.RotationInProgress,
                "The old secret is still valid from an earlier rotation. Complete that one first or, after a leak, "
                + "rotate with overlapSeconds 0.");
    }
}

/// <param name="OverlapSeconds">How long the old secret stays valid; 0 after a leak.</param>
internal sealed record RotateSecretRequest(int? OverlapSeconds)
{
    public static readonly RotateSecretRequest Default = new(OverlapSeconds: null);

    /// <summary>When the old secret ends; null for at once.</summary>
    /// <exception cref="ProblemException"><c>invalid_request</c>.</exception>
    public DateTimeOffset? OverlapUntil(DateTimeOffset now) =>
        Overlap.Of(OverlapSeconds) is { Ticks: > 0 } overlap ? now + overlap : null;
}

/// <summary>The endpoint and, this once, its new secret.</summary>
[SchemaName("RotatedWebhookEndpoint")]
internal sealed record RotatedEndpointAnswer : EndpointAnswer
{
    public RotatedEndpointAnswer(EndpointAnswer endpoint, string? secret, DateTimeOffset? overlapUntil)
        : base(endpoint) => (Secret, OverlapUntil) = (secret, overlapUntil);

    public string? Secret { get; }

    /// <summary>The answer of an earlier request with the same idempotency key: the secret is not kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SecretAlreadyShown => Secret is null;

    /// <summary>When the old secret ends; null when it has.</summary>
    public DateTimeOffset? OverlapUntil { get; }
}
