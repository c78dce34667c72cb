using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Kobbopay.Webhooks.Deliveries;
using Kobbopay.Webhooks.Endpoints;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Certification;

/// <param name="Endpoint"><c>whe_...</c>; it may be left out where just one is enabled.</param>
internal sealed record CertificationRequest(string? Endpoint)
{
    public static readonly CertificationRequest Default = new(Endpoint: null);
}

/// <summary>
/// <c>POST /v1/certification</c>: sends a receiver what it will meet, good and bad, and reports what to mend
/// (contracts.md, section 6). The report, and what others learn of it, are stored together at the end; a run that is
/// cut off leaves nothing.
/// </summary>
internal static class CertifyReceiver
{
    private const string Insert = """
        insert into certifications (id, merchant_id, environment, endpoint_id, url, status, checks, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """;

    public static void MapCertifyReceiver(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/certification", HandleAsync).RequireMerchant(Scopes.WebhooksWrite, testOnly: true)
            .Describe("certifyReceiver", "Certify a webhook receiver")
            .MayTake<CertificationRequest>()
            .Answers<CertificationAnswer>(StatusCodes.Status201Created);

    private static async Task HandleAsync(
        HttpContext http,
        MerchantIdentity merchant,
        DeliverySender sender,
        EgressGuard egress,
        SecretVault vault,
        StoredAnswers answers,
        Audit audit,
        RunsUnderWay runs,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadOrDefaultAsync(
            http, WebhooksJson.Default.CertificationRequest, CertificationRequest.Default, cancellation);
        await answers.AnswerAsync(
            http, merchant, body.Bytes, WebhooksJson.Default.CertificationAnswer, CertifyAsync, cancellation);

        async Task CertifyAsync(GiveAnswer<CertificationAnswer> answer)
        {
            var target = await FindAsync(database, merchant, body.Value.Endpoint, cancellation);
            using var run = runs.Begin(target.EndpointId);
            var now = clock.GetUtcNow();
            var id = Id.New(now);
            var checks = await new CertificationRun(
                sender, target, egress, Open(target, vault, now), $"certification-{Id.Format(Id.Certification, id)}",
                clock).RunAsync(cancellation);

            var report = CertificationAnswer.Of(id, target, checks, now);
            await using var batch = database.CreateBatch();
            AddTo(batch, merchant, target, id, report, now);
            Tell(batch, audit, merchant, target, id, report, now);
            answer(batch, report, StatusCodes.Status201Created, $"/v1/certification/{report.Id}");
            await batch.ExecuteNonQueryAsync(cancellation);
        }
    }

    /// <summary>The endpoint that is named, or the only one that is enabled.</summary>
    /// <exception cref="ProblemException"><c>not_found</c>, <c>endpoint_disabled</c>, or <c>invalid_request</c> when
    /// none is named and there is not just one.</exception>
    private static async Task<DeliveryTarget> FindAsync(
        NpgsqlDataSource database, MerchantIdentity merchant, string? endpoint, CancellationToken cancellation)
    {
        Guid? id = endpoint is null ? null : ReadEndpoints.ParseId(endpoint);
        await using var command = database.CreateCommand(
            $"""
            select {DeliveryTarget.Columns}, w.status = 'enabled'
            from webhook_endpoints w join webhook_secrets s on s.endpoint_id = w.id
            where w.merchant_id = $1 and w.environment = $2 and w.deleted_at is null
              and (w.id = $3 or ($3 is null and w.status = 'enabled'))
            limit 2
            """);
        command.Parameters.AddOwner(merchant);
        command.Parameters.AddNullable(id, NpgsqlDbType.Uuid);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
        {
            throw id is null
                ? NotOne("You have no enabled test endpoint: create one first.")
                : ReadEndpoints.NotFound();
        }

        if (!row.GetBoolean(row.FieldCount - 1))
            throw EnabledEndpoint.Disabled();
        var target = DeliveryTarget.Read(row);
        return await row.ReadAsync(cancellation)
            ? throw NotOne("You have several enabled test endpoints: name the one to certify.")
            : target;
    }

    private static ProblemException NotOne(string message) => new(
        ProblemCodes.InvalidRequest, $"/endpoint: {message}", [new InvalidField("/endpoint", "required", message)]);

    private static EndpointSecrets Open(DeliveryTarget target, SecretVault vault, DateTimeOffset now)
    {
        try
        {
            return target.OpenSecrets(vault, now);
        }
        catch (CryptographicException)
        {
            throw new ProblemException(
                ProblemCodes.ServiceUnavailable,
                "The endpoint's secret can't be opened right now: this is ours to mend.");
        }
    }

    private static void AddTo(
        NpgsqlBatch batch, MerchantIdentity merchant, DeliveryTarget target, Guid id, CertificationAnswer report,
        DateTimeOffset now)
    {
        var command = new NpgsqlBatchCommand(Insert);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.AddOwner(merchant);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = target.EndpointId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = target.Url });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = report.Status });
        command.Parameters.AddNullable(
            JsonSerializer.Serialize(report.Checks, WebhooksJson.Default.Checks), NpgsqlDbType.Jsonb);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        batch.BatchCommands.Add(command);
    }

    /// <summary>Live keys need a receiver that has passed, so Payments hears of one.</summary>
    private static void Tell(
        NpgsqlBatch batch, Audit audit, MerchantIdentity merchant, DeliveryTarget target, Guid id,
        CertificationAnswer report, DateTimeOffset now)
    {
        if (report.Status == Check.Passed)
        {
            batch.Add(Id.New(now), new ReceiverCertified(id, merchant.MerchantId, target.EndpointId, now));
            audit.AddTo(
                batch, "receiver.certified", report.Id, new AuditDetails(report.Url, Endpoint: report.Endpoint));
        }
        else
        {
            audit.AddTo(batch, "receiver.certification_failed", report.Id, new AuditDetails(
                report.Url, Endpoint: report.Endpoint,
                Failed: [.. report.Checks.Where(check => check.Status == Check.Failed).Select(check => check.Name)]));
        }
    }
}

/// <summary>A run is a dozen requests to an address of somebody's choice: one endpoint has one at a time on a
/// replica.</summary>
internal sealed class RunsUnderWay
{
    private const int MostAtOnce = 100;
    private const int RetryAfterSeconds = 10;

    private readonly ConcurrentDictionary<Guid, bool> _endpoints = new();

    /// <exception cref="ProblemException"><c>rate_limited</c>.</exception>
    public IDisposable Begin(Guid endpointId) =>
        _endpoints.Count < MostAtOnce && _endpoints.TryAdd(endpointId, true)
            ? new Run(this, endpointId)
            : throw new ProblemException(
                ProblemCodes.RateLimited, "A certification is running already; ask again when it has ended.")
            {
                RetryAfterSeconds = RetryAfterSeconds,
            };

    private sealed class Run(RunsUnderWay runs, Guid endpointId) : IDisposable
    {
        public void Dispose() => runs._endpoints.TryRemove(endpointId, out _);
    }
}
