using System.Buffers;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using MassTransit;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>
/// Takes events born in other services into the queue of the sequencer, each once by its id
/// (<see cref="MerchantEventRequested"/>).
/// </summary>
public sealed class TakeMerchantEvents(Batcher<MerchantEventRequested> batcher, TimeProvider clock)
    : IConsumer<MerchantEventRequested>
{
    /// <summary>An event's id says when it happened; one of another time has no place among the kept.</summary>
    private static readonly TimeSpan Oldest = TimeSpan.FromDays(30);
    private static readonly TimeSpan Newest = TimeSpan.FromHours(1);

    public Task Consume(ConsumeContext<MerchantEventRequested> context) =>
        batcher.AddAsync(Checked(context.Message), context.CancellationToken);

    /// <summary>
    /// The request with its data as one line of JSON. What can't become an event is parked in the error queue: better
    /// an alert than a feed that stands.
    /// </summary>
    internal MerchantEventRequested Checked(MerchantEventRequested request)
    {
        var age = clock.GetUtcNow() - WeekPartitions.TimeOf(request.EventId);
        if (request.EventId.Version != 7 || age > Oldest || age < -Newest)
            throw new InvalidDataException($"{request.EventId} is not the id of a recent event");
        if (!EventTypes.BornElsewhere.Contains(request.Type) || request.Object != EventTypes.ObjectOf(request.Type))
            throw new InvalidDataException($"{request.Type} of {request.Object} can't be asked for");
        if (request.Environment is not (MerchantEnvironments.Test or MerchantEnvironments.Live))
            throw new InvalidDataException($"There is no environment {request.Environment}");

        return request with { Data = AsOneLine(request.Data) };
    }

    private static byte[] AsOneLine(byte[] data)
    {
        try
        {
            using var parsed = JsonDocument.Parse(data);
            var line = new ArrayBufferWriter<byte>(data.Length + 1);
            using (var json = new Utf8JsonWriter(line, SequencedEvent.Writing))
                parsed.WriteTo(json);
            if (parsed.RootElement.ValueKind == JsonValueKind.Object
                && line.WrittenCount <= MerchantEventRequested.DataLimit)
                return line.WrittenSpan.ToArray();
        }
        catch (JsonException malformed)
        {
            throw new InvalidDataException("The data is not JSON", malformed);
        }

        throw new InvalidDataException("The data is not a JSON object, or too long");
    }
}

/// <summary>Files a batch of requested events in one transaction.</summary>
public sealed class MerchantEventFiling(NpgsqlDataSource database, Signal<EventSequencer> sequencer, TimeProvider clock)
{
    public async Task FileAsync(IReadOnlyList<MerchantEventRequested> requests, CancellationToken cancellation)
    {
        var events = requests.DistinctBy(request => request.EventId).ToList();
        await using var command = database.CreateCommand(
            """
            with fresh as (
              insert into requested_events (id, filed_at) select id, $1 from unnest($2::uuid[]) id
              on conflict do nothing
              returning id)
            insert into pending_events
              (id, merchant_id, environment, type, object, created_at, snapshot, except_endpoint_id, traceparent)
            select e.id, e.merchant_id, e.environment, e.type, e.object, e.created_at, e.data, e.except_endpoint_id,
              e.traceparent
            from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::bytea[],
                $9::uuid[], $10::text[])
              with ordinality
              as e (id, merchant_id, environment, type, object, created_at, data, except_endpoint_id, traceparent,
                place)
            join fresh on fresh.id = e.id
            order by e.place
            """);
        command.Parameters.AddTime(clock.Now());
        command.Parameters.AddArray(events, e => e.EventId);
        command.Parameters.AddArray(events, e => e.MerchantId);
        command.Parameters.AddArray(events, e => e.Environment);
        command.Parameters.AddArray(events, e => e.Type);
        command.Parameters.AddArray(events, e => e.Object);
        command.Parameters.AddArray(events, e => e.CreatedAt.UtcDateTime);
        command.Parameters.AddArray(events, e => e.Data);
        command.Parameters.AddArray(events, e => e.ExceptEndpointId);
        command.Parameters.AddArray(events, e => e.TraceParent!);
        await command.ExecuteNonQueryAsync(cancellation);
        sequencer.Set();
    }
}
