using System.Diagnostics;
using Kobbopay.Contracts;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>Events of other objects than payments that are born in this service.</summary>
internal static class OwnEvents
{
    /// <summary>Adds one to the transaction that makes it true; the sequencer is to be signalled after it.</summary>
    /// <param name="data">The event's <c>data</c>, a JSON object in one line.</param>
    public static void Add(
        NpgsqlBatch batch, TimeProvider clock, Guid merchantId, string environment, string type, byte[] data)
    {
        var insert = batch.Add("""
            insert into pending_events (id, merchant_id, environment, type, object, created_at, snapshot, traceparent)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            """);
        insert.AddId(Id.New(clock));
        insert.AddId(merchantId);
        insert.AddText(environment);
        insert.AddText(type);
        insert.AddText(EventTypes.ObjectOf(type));
        insert.AddTime(clock.Now());
        insert.AddBytes(data);
        insert.AddText(Activity.Current?.Id);
    }
}
