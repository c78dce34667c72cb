using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Webhooks.Tools;

/// <summary>Erases retired secrets once they are no longer recognised.</summary>
public sealed class ForgetRetiredSecrets(
    NpgsqlDataSource database, TimeProvider clock, ILogger<ForgetRetiredSecrets> logger)
    : BackgroundLoop(clock, logger)
{
    protected override TimeSpan Interval => TimeSpan.FromHours(1);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            update webhook_secrets
            set previous_key_id = null, previous_sealed = null, previous_retired_at = null
            where previous_retired_at <= $1
            """);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>
        {
            TypedValue = Clock.GetUtcNow() - KnownSecrets.RetiredFor,
        });
        await command.ExecuteNonQueryAsync(cancellation);
        return false;
    }
}
