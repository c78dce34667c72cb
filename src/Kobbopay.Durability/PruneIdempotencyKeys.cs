using Microsoft.Extensions.Logging;
using Npgsql;

namespace Kobbopay.Durability;

/// <summary>Forgets idempotency keys after 24 hours (contracts.md, section 1), a bounded number at a time.</summary>
public sealed class PruneIdempotencyKeys(
    NpgsqlDataSource database, TimeProvider clock, ILogger<PruneIdempotencyKeys> logger)
    : BackgroundLoop(clock, logger)
{
    private const int BatchLimit = 1_000;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    protected override TimeSpan Interval => TimeSpan.FromMinutes(1);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            delete from idempotency_keys where ctid = any (array(
              select ctid from idempotency_keys where created_at < $1 limit $2 for update skip locked))
            """);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = Clock.GetUtcNow() - Kept });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchLimit });
        return await command.ExecuteNonQueryAsync(cancellation) == BatchLimit;
    }
}
