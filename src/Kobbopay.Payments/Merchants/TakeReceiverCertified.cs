using Kobbopay.Contracts;
using MassTransit;
using Npgsql;

namespace Kobbopay.Payments.Merchants;

/// <summary>Notes that a merchant's receiver has passed its certification; the latest counts.</summary>
public sealed class TakeReceiverCertified(NpgsqlDataSource database) : IConsumer<ReceiverCertified>
{
    public Task Consume(ConsumeContext<ReceiverCertified> context) =>
        TakeAsync(context.Message, context.CancellationToken);

    internal async Task TakeAsync(ReceiverCertified certified, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            update merchants set certification_id = $2, certified_at = $3
            where id = $1 and (certified_at is null or certified_at < $3)
            """);
        command.Parameters.AddId(certified.MerchantId);
        command.Parameters.AddId(certified.CertificationId);
        command.Parameters.AddTime(certified.At);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
