using System.Text;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary><c>GET /v1/webhook-deliveries/{id}/attempts</c>: what was sent when, and what came back.</summary>
internal static class ReadAttempts
{
    public static void MapReadAttempts(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/webhook-deliveries/{id}/attempts", ListAsync).RequireMerchant(Scopes.WebhooksRead)
            .Describe("listWebhookAttempts", "List the attempts of a webhook delivery, newest first")
            .Answers<Page<AttemptAnswer>>();

    private static async Task<IResult> ListAsync(
        string id,
        [AsParameters] PageQuery query,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var range = query.Parse(merchant, "webhook-attempts");
        if (!Id.TryParse(Id.Delivery, id, out var deliveryId))
            throw ReadDeliveries.NotFound();

        // The delivery first: a list without attempts and somebody else's delivery are two different answers.
        await using var command = database.CreateCommand(
            $"""
            select a.id, a.number, a.started_at, a.latency_ms, a.outcome, a.status_code, a.error_kind, a.answer_headers,
              a.answer_body, a.answer_truncated, a.connect_ms, a.tls_ms, a.first_byte_ms
            from deliveries d left join attempts a on a.delivery_id = d.id and {range.Where("a.id")}
            where d.merchant_id = $3 and d.environment = $4 and d.id = $5
            {range.OrderAndLimit("a.id")}
            """);
        command.Parameters.AddPage(range);
        command.Parameters.AddOwner(merchant);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = deliveryId });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
            throw ReadDeliveries.NotFound();

        var rows = new List<(Guid Id, AttemptAnswer Answer)>();
        if (!reader.IsDBNull(0))
        {
            do
                rows.Add((reader.GetGuid(0), Read(reader)));
            while (await reader.ReadAsync(cancellation));
        }

        var page = range.Of(rows, row => row.Id);
        return Results.Json(
            new Page<AttemptAnswer>([.. page.Data.Select(row => row.Answer)], page.HasMore, page.NextCursor),
            WebhooksJson.Default.AttemptPage);
    }

    private static AttemptAnswer Read(NpgsqlDataReader row) => new(
        Id.Format(Id.Attempt, row.GetGuid(0)),
        row.GetInt32(1),
        row.GetFieldValue<DateTimeOffset>(2),
        Milliseconds(row, 3),
        Milliseconds(row, 10),
        Milliseconds(row, 11),
        Milliseconds(row, 12),
        row.GetString(4),
        row.IsDBNull(5) ? null : row.GetInt32(5),
        row.IsDBNull(6) ? null : row.GetString(6),
        row.IsDBNull(7) ? null : JsonSerializer.Deserialize(row.GetString(7), WebhooksJson.Default.Headers),
        row.IsDBNull(8) ? null : Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(8)),
        row.GetBoolean(9));

    private static int? Milliseconds(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetInt32(column);
}

/// <param name="ConnectMs">Finding the address and connecting; null where a connection was there already, or that part
/// was not reached. So the next two.</param>
/// <param name="FirstByteMs">From sending to the answer's head.</param>
/// <param name="Outcome"><c>succeeded</c>, <c>failed</c>, or <c>outcome_unknown</c>: the sender died before it could
/// tell.</param>
/// <param name="ResponseBody">The first 16 KiB; bytes that are not UTF-8 are replaced.</param>
[SchemaName("WebhookAttempt")]
internal sealed record AttemptAnswer(
    string Id,
    int Number,
    DateTimeOffset StartedAt,
    int? LatencyMs,
    int? ConnectMs,
    int? TlsMs,
    int? FirstByteMs,
    string Outcome,
    int? StatusCode,
    string? ErrorKind,
    IReadOnlyDictionary<string, string>? ResponseHeaders,
    string? ResponseBody,
    bool ResponseTruncated);
