using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>It has no fields: what is sent again is in the path.</summary>
internal sealed record RedeliverRequest;

/// <summary>
/// <c>POST /v1/webhook-deliveries/{id}/redeliver</c>: once more from the first attempt, however it ended. One that is
/// pending is answered as it is.
/// </summary>
internal static class Redeliver
{
    public static void MapRedeliver(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/webhook-deliveries/{id}/redeliver", HandleAsync).RequireMerchant(Scopes.WebhooksWrite)
            .Describe("redeliverWebhook", "Send a delivery again from its first attempt")
            .Refuses(ProblemCodes.EndpointDisabled)
            .MayTake<RedeliverRequest>()
            .Answers<DeliveryAnswer>(StatusCodes.Status202Accepted);

    private static async Task HandleAsync(
        HttpContext http,
        string id,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        StoredAnswers answers,
        Audit audit,
        EndpointLanes lanes,
        Signal<DeliveryWorker> signal,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadOrDefaultAsync(
            http, WebhooksJson.Default.RedeliverRequest, new RedeliverRequest(), cancellation);
        Guid? endpointId = null;
        await answers.AnswerAsync(
            http, merchant, body.Bytes, WebhooksJson.Default.DeliveryAnswer, database, RedeliverAsync, cancellation);
        if (endpointId is { } queued)
        {
            lanes.MarkDue([queued]);
            signal.Set();
        }

        async Task<GivenAnswer<DeliveryAnswer>> RedeliverAsync(NpgsqlConnection connection)
        {
            if (!Id.TryParse(Id.Delivery, id, out var deliveryId))
                throw ReadDeliveries.NotFound();
            (var delivery, endpointId) = await LockAsync(connection, merchant, deliveryId, cancellation);
            if (delivery.Status != DeliveryResult.Pending)
            {
                var now = clock.GetUtcNow();
                await using var batch = connection.CreateBatch();
                Requeue.AddTo(batch, [deliveryId], now);
                audit.AddTo(
                    batch, "webhook_delivery.redelivered", delivery.Id,
                    new AuditDetails(Endpoint: delivery.EndpointId));
                await batch.ExecuteNonQueryAsync(cancellation);
                delivery = delivery with { Status = DeliveryResult.Pending, NextAttemptAt = now, FinishedAt = null };
            }

            return new(delivery, StatusCodes.Status202Accepted);
        }
    }

    /// <summary>The delivery as it stands once nobody else can change it.</summary>
    private static async Task<(DeliveryAnswer Delivery, Guid EndpointId)> LockAsync(
        NpgsqlConnection connection, MerchantIdentity merchant, Guid deliveryId, CancellationToken cancellation)
    {
        const string Own = "d.id = $1 and d.merchant_id = $2 and d.environment = $3";
        await using var batch = connection.CreateBatch();
        Add($"""
            select w.id, w.status = 'enabled', w.deleted_at is not null
            from deliveries d join webhook_endpoints w on w.id = d.endpoint_id
            where {Own} for update of d
            """);
        // A statement of its own: it sees what was committed while the first one waited for the lock.
        Add($"{ReadDeliveries.Select} where {Own}");
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            throw ReadDeliveries.NotFound();
        var (endpointId, enabled, deleted) = (row.GetGuid(0), row.GetBoolean(1), row.GetBoolean(2));
        if (deleted)
        {
            throw new ProblemException(
                ProblemCodes.EndpointDisabled, "The endpoint of this delivery has been deleted.");
        }

        if (!enabled)
            throw EnabledEndpoint.Disabled();
        await row.NextResultAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? (ReadDeliveries.Read(row), endpointId)
            : throw ReadDeliveries.NotFound();

        void Add(string sql)
        {
            var command = new NpgsqlBatchCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = deliveryId });
            command.Parameters.AddOwner(merchant);
            batch.BatchCommands.Add(command);
        }
    }
}
