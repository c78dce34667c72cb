using System.Buffers;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>An event as the write path left it.</summary>
internal sealed record PendingEventRow(
    long Position,
    Guid Id,
    Guid MerchantId,
    string Environment,
    string Type,
    Guid PaymentId,
    string OrderId,
    int Version,
    string Status,
    string? PreviousStatus,
    DateTimeOffset CreatedAt,
    byte[] Snapshot,
    byte[] PublicView,
    string? WebhookUrl,
    string? TraceParent)
{
    public static PendingEventRow Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetGuid(1), row.GetGuid(2), row.GetString(3), row.GetString(4), row.GetGuid(5),
        row.GetString(6),
        row.GetInt32(7), row.GetString(8), PaymentRows.TextOrNull(row, 9), PaymentRows.Time(row, 10),
        row.GetFieldValue<byte[]>(11), row.GetFieldValue<byte[]>(12), PaymentRows.TextOrNull(row, 13),
        PaymentRows.TextOrNull(row, 14));
}

/// <summary>
/// An event with its place in the feed and its final bytes, which feed, webhook, retry and redelivery all copy.
/// </summary>
internal sealed record SequencedEvent(PendingEventRow Row, long Sequence, byte[] Body)
{
    public static SequencedEvent From(PendingEventRow row, long sequence) => new(row, sequence, Render(row, sequence));

    public static void AddToLog(NpgsqlBatch batch, List<SequencedEvent> events)
    {
        var log = batch.Add("""
            insert into events
              (id, merchant_id, environment, sequence, type, payment_id, version, created_at, body, public_view,
               webhook_url, traceparent)
            select * from unnest(
              $1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::uuid[], $7::integer[],
              $8::timestamptz[], $9::bytea[], $10::bytea[], $11::text[], $12::text[])
            """);
        log.AddArray(events, e => e.Row.Id);
        log.AddArray(events, e => e.Row.MerchantId);
        log.AddArray(events, e => e.Row.Environment);
        log.AddArray(events, e => e.Sequence);
        log.AddArray(events, e => e.Row.Type);
        log.AddArray(events, e => e.Row.PaymentId);
        log.AddArray(events, e => e.Row.Version);
        log.AddArray(events, e => e.Row.CreatedAt.UtcDateTime);
        log.AddArray(events, e => e.Body);
        log.AddArray(events, e => e.Row.PublicView);
        log.AddArray(events, e => e.Row.WebhookUrl!);
        log.AddArray(events, e => e.Row.TraceParent!);
    }

    /// <summary>The bus message shares the event's id and its trace, not the sequencer's.</summary>
    public static void AddToOutbox(NpgsqlBatch batch, List<SequencedEvent> events)
    {
        var outbox = batch.Add("""
            insert into outbox (id, message_type, body, traceparent)
            select id, $2, body, traceparent
            from unnest($1::uuid[], $3::bytea[], $4::text[]) as e (id, body, traceparent)
            """);
        outbox.AddArray(events, e => e.Row.Id);
        outbox.AddText(nameof(PaymentChanged));
        outbox.AddArray(events, e => Outbox.Write(e.ToMessage()));
        outbox.AddArray(events, e => e.Row.TraceParent!);
    }

    private PaymentChanged ToMessage() => new(
        Row.Id, Row.MerchantId, Row.Environment, Sequence, Row.PaymentId, Row.Version, Row.Type, Row.CreatedAt, Body,
        JsonSerializer.Deserialize(
            Row.PublicView, ContractsJson.Default.PublicPayment)!, Row.WebhookUrl, Row.TraceParent);

    /// <summary>The envelope of contracts.md, section 3, around the snapshot's bytes.</summary>
    private static byte[] Render(PendingEventRow row, long sequence)
    {
        var buffer = new ArrayBufferWriter<byte>(row.Snapshot.Length + 512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("id", Contracts.Id.Format(Contracts.Id.Event, row.Id));
        json.WriteString("type", row.Type);
        json.WriteString("apiVersion", "v1");
        json.WriteString("environment", row.Environment);
        json.WriteNumber("sequence", sequence);
        json.WriteString("createdAt", row.CreatedAt.UtcDateTime.ToString(MillisecondTime.Format));
        json.WriteString("object", "payment");
        json.WriteString("payment_id", Contracts.Id.Format(Contracts.Id.Payment, row.PaymentId));
        json.WriteString("orderId", row.OrderId);
        json.WriteNumber("version", row.Version);
        json.WriteString("status", row.Status);
        json.WriteString("previousStatus", row.PreviousStatus);
        json.WriteString("transition", row.PreviousStatus is null ? null : $"{row.PreviousStatus}->{row.Status}");
        json.WriteStartObject("data");
        json.WritePropertyName("payment");
        json.WriteRawValue(row.Snapshot, skipInputValidation: true);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
