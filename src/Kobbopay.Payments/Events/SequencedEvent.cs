using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kobbopay.Contracts;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>An event as the write path, or another service, left it.</summary>
/// <param name="Snapshot">
/// The payment; for an event of another object (<paramref name="Payment"/> is null), the whole of its data.
/// </param>
/// <param name="KeyId">The API key that created the payment; null for every other event.</param>
internal sealed record PendingEventRow(
    long Position,
    Guid Id,
    Guid MerchantId,
    string Environment,
    string Type,
    string Object,
    PendingPayment? Payment,
    DateTimeOffset CreatedAt,
    byte[] Snapshot,
    string? TraceParent,
    Guid? ExceptEndpointId,
    Guid? KeyId)
{
    /// <summary>The order is <see cref="Read"/>'s.</summary>
    public const string Columns = """
        p.position, p.id, p.merchant_id, p.environment, p.type, p.object, p.created_at, p.snapshot, p.traceparent,
        p.except_endpoint_id, p.payment_id, p.order_id, p.version, p.status, p.previous_status, p.public_view,
        p.webhook_url, p.old_block_hash, p.new_block_hash, p.key_id
        """;

    public const int ColumnCount = 20;

    public EventStream Stream => new(MerchantId, Environment);

    public static PendingEventRow Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetGuid(1), row.GetGuid(2), row.GetString(3), row.GetString(4), row.GetString(5),
        row.IsDBNull(10) ? null : PendingPayment.Read(row), PaymentRows.Time(row, 6), row.GetFieldValue<byte[]>(7),
        PaymentRows.TextOrNull(row, 8), row.IsDBNull(9) ? null : row.GetGuid(9),
        row.IsDBNull(19) ? null : row.GetGuid(19));
}

/// <summary>What an event of a payment has besides.</summary>
/// <param name="OldBlockHash">Set when money left the chain: the block that held it.</param>
/// <param name="NewBlockHash">The block in its place; null when the chain became shorter.</param>
internal sealed record PendingPayment(
    Guid Id, string OrderId, int Version, string Status, string? PreviousStatus, byte[] PublicView, string? WebhookUrl,
    string? OldBlockHash, string? NewBlockHash)
{
    public static PendingPayment Read(NpgsqlDataReader row) => new(
        row.GetGuid(10), row.GetString(11), row.GetInt32(12), row.GetString(13), PaymentRows.TextOrNull(row, 14),
        row.GetFieldValue<byte[]>(15), PaymentRows.TextOrNull(row, 16), PaymentRows.TextOrNull(row, 17),
        PaymentRows.TextOrNull(row, 18));
}

/// <summary>
/// An event with its place in the feed and its final bytes, which feed, webhook, retry and redelivery all copy.
/// </summary>
internal sealed record SequencedEvent(PendingEventRow Row, long Sequence, byte[] Body)
{
    /// <summary>As in every answer (<see cref="PaymentsJson.Relaxed"/>): text stays as it is.</summary>
    public static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static SequencedEvent From(PendingEventRow row, long sequence) => new(row, sequence, Render(row, sequence));

    public static void AddToLog(NpgsqlBatch batch, List<SequencedEvent> events)
    {
        var log = batch.Add("""
            insert into events
              (id, merchant_id, environment, sequence, type, payment_id, version, created_at, body, public_view,
               webhook_url, traceparent, except_endpoint_id)
            select * from unnest(
              $1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::uuid[], $7::integer[],
              $8::timestamptz[], $9::bytea[], $10::bytea[], $11::text[], $12::text[], $13::uuid[])
            """);
        log.AddArray(events, e => e.Row.Id);
        log.AddArray(events, e => e.Row.MerchantId);
        log.AddArray(events, e => e.Row.Environment);
        log.AddArray(events, e => e.Sequence);
        log.AddArray(events, e => e.Row.Type);
        log.AddArray(events, e => e.Row.Payment?.Id);
        log.AddArray(events, e => e.Row.Payment?.Version);
        log.AddArray(events, e => e.Row.CreatedAt.UtcDateTime);
        log.AddArray(events, e => e.Body);
        log.AddArray(events, e => e.Row.Payment?.PublicView!);
        log.AddArray(events, e => e.Row.Payment?.WebhookUrl!);
        log.AddArray(events, e => e.Row.TraceParent!);
        log.AddArray(events, e => e.Row.ExceptEndpointId);
    }

    /// <summary>
    /// The bus messages, each with the trace of its first event, not the sequencer's; what they say is in the log
    /// (<see cref="FeedEvents.ReadAsync"/>).
    /// </summary>
    public static void AddToOutbox(NpgsqlBatch batch, List<SequencedEvent> events)
    {
        foreach (var message in MessagesOf(events))
        {
            var outbox = batch.Add("insert into outbox (id, message_type, parts, traceparent) values ($1, $2, $3, $4)");
            outbox.AddId(message[0].Row.Id);
            outbox.AddText(nameof(PaymentsChanged));
            outbox.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. message.Select(e => e.Row.Id)] });
            outbox.AddText(message[0].Row.TraceParent);
        }
    }

    /// <summary>Events in messages, neither too many nor too large, in their order.</summary>
    internal static IEnumerable<List<SequencedEvent>> MessagesOf(IEnumerable<SequencedEvent> events)
    {
        var (message, bytes) = (new List<SequencedEvent>(), 0);
        foreach (var one in events)
        {
            var size = one.Body.Length + (one.Row.Payment?.PublicView.Length ?? 0);
            if (message.Count == PaymentsChanged.BatchLimit
                || (message.Count > 0 && bytes + size > PaymentsChanged.BytesLimit))
            {
                yield return message;
                (message, bytes) = ([], 0);
            }

            message.Add(one);
            bytes += size;
        }

        if (message.Count > 0)
            yield return message;
    }

    /// <summary>The envelope of contracts.md, section 3, around the snapshot's bytes.</summary>
    private static byte[] Render(PendingEventRow row, long sequence)
    {
        var buffer = new ArrayBufferWriter<byte>(row.Snapshot.Length + 512);
        using var json = new Utf8JsonWriter(buffer, Writing);
        json.WriteStartObject();
        json.WriteString("id", Contracts.Id.Format(Contracts.Id.Event, row.Id));
        json.WriteString("type", row.Type);
        json.WriteString("apiVersion", "v1");
        json.WriteString("environment", row.Environment);
        json.WriteNumber("sequence", sequence);
        json.WriteString("createdAt", row.CreatedAt.UtcDateTime.ToString(MillisecondTime.Format));
        json.WriteString("object", row.Object);
        if (row.Payment is { } payment)
            WritePayment(json, payment, row.Snapshot);
        else
            WriteRaw(json, "data", row.Snapshot);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WritePayment(Utf8JsonWriter json, PendingPayment payment, byte[] snapshot)
    {
        json.WriteString("payment_id", Contracts.Id.Format(Contracts.Id.Payment, payment.Id));
        json.WriteString("orderId", payment.OrderId);
        json.WriteNumber("version", payment.Version);
        json.WriteString("status", payment.Status);
        json.WriteString("previousStatus", payment.PreviousStatus);
        json.WriteString(
            "transition", payment.PreviousStatus is null ? null : $"{payment.PreviousStatus}->{payment.Status}");
        json.WriteStartObject("data");
        WriteRaw(json, "payment", snapshot);
        if (payment.OldBlockHash is { } old)
        {
            json.WriteStartObject("reorg");
            json.WriteString("oldBlockHash", old);
            json.WriteString("newBlockHash", payment.NewBlockHash);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteRaw(Utf8JsonWriter json, string name, byte[] value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value, skipInputValidation: true);
    }
}
