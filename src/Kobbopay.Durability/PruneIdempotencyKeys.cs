using Microsoft.Extensions.Logging;
using Npgsql;

namespace Kobbopay.Durability;

/// <summary>Forgets idempotency keys after 24 hours (contracts.md, section 1), a bounded number at a time.</summary>
public class PruneIdempotencyKeys(
    NpgsqlDataSource database, TimeProvider clock, ILogger<PruneIdempotencyKeys> logger)
    : BackgroundLoop(clock, logger)
{
    private const int BatchLimit = 1_000;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    protected virtual string Table => "idempotency_keys";

    protected override TimeSpan Interval => TimeSpan.FromMinutes(1);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
#pragma warning disable CA2100 // The table's name is a constant of the code.
        await using var command = database.CreateCommand(
            $"""
            delete from {Table} where ctid = any (array(
              select ctid from {Table} where created_at < $1 limit $2 for update skip locked))
            """);
#pragma warning restore CA2100
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = Clock.GetUtcNow() - Kept });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchLimit });
        return await command.ExecuteNonQueryAsync(cancellation) == BatchLimit;
    }
}
