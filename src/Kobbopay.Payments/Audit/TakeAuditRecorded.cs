using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using MassTransit;
using Npgsql;

namespace Kobbopay.Payments.Audit;

/// <summary>Takes what was changed in other services into the one log, each entry once by its id.</summary>
public sealed class TakeAuditRecorded(NpgsqlDataSource database) : IConsumer<AuditRecorded>
{
    public Task Consume(ConsumeContext<AuditRecorded> context) =>
        TakeAsync(context.Message, context.CancellationToken);

    internal async Task TakeAsync(AuditRecorded recorded, CancellationToken cancellation)
    {
        await using var batch = database.CreateBatch();
        AuditLog.Add(batch, recorded.Id, new AuditEntry(
            recorded.Id.ToString(),
            recorded.At,
            recorded.Actor,
            recorded.Action,
            recorded.Subject,
            Id.Format(Id.Merchant, recorded.MerchantId),
            recorded.Environment,
            JsonNode.Parse(recorded.Details)?.AsObject(),
            recorded.RequestId,
            Address: null));
        await batch.ExecuteNonQueryAsync(cancellation);
    }
}
