using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Payments.Events;
using Npgsql;

namespace Kobbopay.Payments.Audit;

/// <summary>
/// Creations in the audit log. There are many, so the sequencer makes one entry of all that a key created since it last
/// looked, in the transaction that gives their events a place.
/// </summary>
internal static class PaymentsCreated
{
    public static void AddTo(NpgsqlBatch batch, List<SequencedEvent> events, TimeProvider clock)
    {
        var created = events.Select(one => one.Row).Where(row => row is { KeyId: not null, Payment: not null })
            .GroupBy(row => (row.MerchantId, row.Environment, Key: row.KeyId!.Value));
        foreach (var byKey in created)
        {
            var payments = byKey.Select(row => Id.Format(Id.Payment, row.Payment!.Id)).ToArray();
            var id = Id.New(clock);
            AuditLog.Enqueue(batch, id, new AuditEntry(
                id.ToString(),
                clock.Now(),
                Id.Format(Id.ApiKey, byKey.Key.Key),
                "payments.created",
                payments[0],
                Id.Format(Id.Merchant, byKey.Key.MerchantId),
                byKey.Key.Environment,
                new JsonObject { ["payments"] = new JsonArray([.. payments.Select(one => JsonValue.Create(one))]) },
                RequestId: null,
                Address: null));
        }
    }
}
