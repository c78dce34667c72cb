using System.Diagnostics;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Deliveries;

/// <param name="Type">What to send; there is <c>webhook.test</c> alone.</param>
internal sealed record TestSendRequest(string? Type);

/// <summary>
/// <c>POST /v1/webhook-endpoints/{id}/test</c>: an event that is about nothing, through the ordinary queue to this one
/// endpoint, whatever its filter. It has no sequence and is in no feed.
/// </summary>
internal static class TestSend
{
    private const string Statement =
        """
        with event as (
          insert into webhook_events (id, merchant_id, environment, type, body, traceparent, created_at)
          values ($1, $2, $3, $4, $5, $6, $7)),
        delivery as (
          insert into deliveries (id, merchant_id, environment, endpoint_id, event_id, event_type, status, created_at)
          values ($8, $2, $3, $9, $1, $4, 'pending', $7))
        insert into delivery_queue (delivery_id, endpoint_id, event_id, due_at) values ($8, $9, $1, $7)
        """;

    public static void MapTestSend(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/webhook-endpoints/{id}/test", HandleAsync).RequireMerchant(Scopes.WebhooksWrite)
            .Describe("testWebhookEndpoint", "Send a test event to a webhook endpoint")
            .Refuses(ProblemCodes.EndpointDisabled)
            .MayTake<TestSendRequest>()
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
            http, WebhooksJson.Default.TestSendRequest, new TestSendRequest(Type: null), cancellation);
        Guid? endpointId = null;
        await answers.AnswerAsync(
            http, merchant, body.Bytes, WebhooksJson.Default.DeliveryAnswer, database, SendAsync, cancellation);
        if (endpointId is { } queued)
        {
            lanes.MarkDue([queued]);
            signal.Set();
        }

        async Task<GivenAnswer<DeliveryAnswer>> SendAsync(NpgsqlConnection connection)
        {
            if (body.Value.Type is not (null or EventTypes.WebhookTest))
            {
                const string Message = $"Only {EventTypes.WebhookTest} can be sent as a test.";
                throw new ProblemException(
                    ProblemCodes.InvalidRequest, $"/type: {Message}", [new("/type", "unknown_value", Message)]);
            }

            var endpoint = await EnabledEndpoint.FindAsync(connection, merchant, id, cancellation);
            var now = clock.GetUtcNow();
            var (eventId, deliveryId) = (Id.New(now), Id.New(now));
            await using var batch = connection.CreateBatch();
            Add(batch, merchant, endpoint.Id, eventId, deliveryId, now);
            audit.AddTo(batch, "webhook_endpoint.tested", Id.Format(Id.WebhookEndpoint, endpoint.Id));
            await batch.ExecuteNonQueryAsync(cancellation);
            endpointId = endpoint.Id;
            var delivery = new DeliveryAnswer(
                Id.Format(Id.Delivery, deliveryId), merchant.Environment,
                Id.Format(Id.WebhookEndpoint, endpoint.Id), Id.Format(Id.Event, eventId), EventTypes.WebhookTest,
                PaymentId: null, endpoint.Url, DeliveryResult.Pending, AttemptCount: 0, NextAttemptAt: now,
                CreatedAt: now, FinishedAt: null);
            return new(delivery, StatusCodes.Status202Accepted, $"/v1/webhook-deliveries/{delivery.Id}");
        }
    }

    private static void Add(
        NpgsqlBatch batch, MerchantIdentity merchant, Guid endpointId, Guid eventId, Guid deliveryId,
        DateTimeOffset now)
    {
        var test = new TestEvent(
            Id.Format(Id.Event, eventId), EventTypes.WebhookTest, "v1", merchant.Environment, Sequence: null, now,
            EventTypes.ObjectOf(EventTypes.WebhookTest),
            new TestEventData(Id.Format(Id.WebhookEndpoint, endpointId), "This is a test, and about no payment."));
        var command = new NpgsqlBatchCommand(Statement);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = eventId });
        command.Parameters.AddOwner(merchant);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = EventTypes.WebhookTest });
        command.Parameters.Add(new NpgsqlParameter<byte[]>
        {
            TypedValue = JsonSerializer.SerializeToUtf8Bytes(test, WebhooksJson.Default.TestEvent),
        });
        command.Parameters.AddNullable(Activity.Current?.Id, NpgsqlDbType.Text);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = deliveryId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = endpointId });
        batch.BatchCommands.Add(command);
    }
}

/// <summary>The envelope of every event (contracts.md, section 3), without a place in the feed.</summary>
internal sealed record TestEvent(
    string Id,
    string Type,
    string ApiVersion,
    string Environment,
    long? Sequence,
    DateTimeOffset CreatedAt,
    string Object,
    TestEventData Data);

internal sealed record TestEventData(string EndpointId, string Message);
