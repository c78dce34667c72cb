using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary><c>GET /v1/webhook-deliveries</c> and <c>.../{id}</c> (contracts.md, section 4).</summary>
internal static class ReadDeliveries
{
    /// <summary>The columns that <see cref="Read"/> takes; deliveries are <c>d</c>.</summary>
    public const string Select =
        """
        select d.id, d.environment, d.endpoint_id, d.event_id, d.event_type, d.payment_id, coalesce(d.url, w.url),
          d.status,
          (select count(*) from attempts a where a.delivery_id = d.id)::int,
          case when q.attempt_started_at is null and q.due_at < 'infinity' then q.due_at end,
          d.created_at, d.finished_at
        from deliveries d
        join webhook_endpoints w on w.id = d.endpoint_id
        left join delivery_queue q on q.delivery_id = d.id
        """;

    private static readonly string[] Statuses = ["pending", "succeeded", "exhausted", "skipped"];

    public static void MapReadDeliveries(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/webhook-deliveries", ListAsync).RequireMerchant(Scopes.WebhooksRead)
            .Describe("listWebhookDeliveries", "List webhook deliveries, newest first")
            .WithParameter("status", "Only with this status.", Statuses)
            .Answers<Page<DeliveryAnswer>>();
        app.MapGet("/v1/webhook-deliveries/{id}", OneAsync).RequireMerchant(Scopes.WebhooksRead)
            .Describe("getWebhookDelivery", "Read a webhook delivery")
            .Answers<DeliveryAnswer>();
    }

    public static ProblemException NotFound() => new(ProblemCodes.NotFound, "There is no such delivery.");

    private static async Task<IResult> ListAsync(
        [AsParameters] PageQuery query,
        [AsParameters] DeliveryFilter filter,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var range = query.Parse(merchant, "webhook-deliveries");
        await using var command = database.CreateCommand(
            $"""
            {Select}
            where d.merchant_id = $3 and d.environment = $4 and {range.Where("d.id")} {filter.Sql}
            {range.OrderAndLimit("d.id")}
            """);
        command.Parameters.AddPage(range);
        command.Parameters.AddOwner(merchant);
        filter.AddParameters(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<(Guid Id, DeliveryAnswer Answer)>();
        while (await reader.ReadAsync(cancellation))
            rows.Add((reader.GetGuid(0), Read(reader)));
        var page = range.Of(rows, row => row.Id);
        return Results.Json(
            new Page<DeliveryAnswer>([.. page.Data.Select(row => row.Answer)], page.HasMore, page.NextCursor),
            WebhooksJson.Default.DeliveryPage);
    }

    private static async Task<IResult> OneAsync(
        string id, MerchantIdentity merchant, NpgsqlDataSource database, CancellationToken cancellation)
    {
        if (!Id.TryParse(Id.Delivery, id, out var deliveryId))
            throw NotFound();
        await using var command = database.CreateCommand(
            $"{Select} where d.id = $1 and d.merchant_id = $2 and d.environment = $3");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = deliveryId });
        command.Parameters.AddOwner(merchant);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation)
            ? Results.Json(Read(reader), WebhooksJson.Default.DeliveryAnswer)
            : throw NotFound();
    }

    public static DeliveryAnswer Read(NpgsqlDataReader row) => new(
        Id.Format(Id.Delivery, row.GetGuid(0)),
        row.GetString(1),
        Id.Format(Id.WebhookEndpoint, row.GetGuid(2)),
        Id.Format(Id.Event, row.GetGuid(3)),
        row.GetString(4),
        row.IsDBNull(5) ? null : Id.Format(Id.Payment, row.GetGuid(5)),
        row.GetString(6),
        row.GetString(7),
        row.GetInt32(8),
        row.IsDBNull(9) ? null : row.GetFieldValue<DateTimeOffset>(9),
        row.GetFieldValue<DateTimeOffset>(10),
        row.IsDBNull(11) ? null : row.GetFieldValue<DateTimeOffset>(11));

    /// <summary>The filters of the list, all optional and all at once.</summary>
    internal sealed class DeliveryFilter
    {
        [FromQuery(Name = "endpoint")]
        public string? Endpoint { get; init; }

        [FromQuery(Name = "event")]
        public string? Event { get; init; }

        [FromQuery(Name = "payment_id")]
        public string? PaymentId { get; init; }

        [FromQuery(Name = "status")]
        public string? Status { get; init; }

        /// <summary>Only the conditions that are asked for, so that each uses its index.</summary>
        public string Sql =>
            (Endpoint is null ? "and $5::uuid is null" : "and d.endpoint_id = $5")
            + (Event is null ? " and $6::uuid is null" : " and d.event_id = $6")
            + (PaymentId is null ? " and $7::uuid is null" : " and d.payment_id = $7")
            + (Status is null ? " and $8::text is null" : " and d.status = $8");

        /// <exception cref="ProblemException"><c>invalid_request</c>: not an id of its kind, or no status.</exception>
        public void AddParameters(NpgsqlParameterCollection parameters)
        {
            parameters.AddNullable(Parse("endpoint", Id.WebhookEndpoint, Endpoint), NpgsqlDbType.Uuid);
            parameters.AddNullable(Parse("event", Id.Event, Event), NpgsqlDbType.Uuid);
            parameters.AddNullable(Parse("payment_id", Id.Payment, PaymentId), NpgsqlDbType.Uuid);
            if (Status is not null && !Statuses.Contains(Status))
                throw PageQuery.Invalid("status", "unknown_value", $"One of {string.Join(", ", Statuses)}.");
            parameters.AddNullable(Status, NpgsqlDbType.Text);
        }

        private static Guid? Parse(string name, string prefix, string? text) =>
            text is null ? null
            : Id.TryParse(prefix, text, out var id) ? id
            : throw PageQuery.Invalid(name, "invalid_format", $"This is not an id of the form {prefix}...");
    }
}

/// <param name="Url">Where it goes: the endpoint's URL, or the payment's own <c>webhookUrl</c>.</param>
/// <param name="AttemptCount">Attempts that ended, those of unknown outcome included.</param>
/// <param name="NextAttemptAt">Null while an attempt runs and when the delivery has ended.</param>
[SchemaName("WebhookDelivery")]
internal sealed record DeliveryAnswer(
    string Id,
    string Environment,
    string EndpointId,
    string EventId,
    string EventType,
    [property: JsonPropertyName("payment_id")] string? PaymentId,
    string Url,
    string Status,
    int AttemptCount,
    DateTimeOffset? NextAttemptAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt);
