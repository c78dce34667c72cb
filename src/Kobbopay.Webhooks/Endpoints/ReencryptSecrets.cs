using System.Security.Cryptography;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults.Data;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>
/// Brings every row of <c>webhook_secrets</c> to the current key, so that the key before can leave the ring, and drops
/// the old secrets of overlaps that have ended. A row that has changed since it was read is left to the next pass.
/// </summary>
public sealed partial class ReencryptSecrets(
    NpgsqlDataSource database, SecretVault vault, TimeProvider clock, ILogger<ReencryptSecrets> logger)
    : BackgroundLoop(clock, logger), IHealthCheck
{
    private const int BatchLimit = 100;

    /// <summary>Rows of this pass that did not open; they are passed over until the next one.</summary>
    private int _shutOfPass;
    private Guid _passAt;
    private volatile int _shut;

    protected override TimeSpan Interval => TimeSpan.FromMinutes(1);

    /// <summary>Everything else works without these secrets, so the service stays ready and says so.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_shut == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded($"the ring does not open the secrets of {_shut} endpoints"));

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        var now = Clock.GetUtcNow();
        var rows = await DueAsync(now, cancellation);
        var shut = 0;
        await using var batch = database.CreateBatch();
        foreach (var (endpointId, was) in rows)
        {
            var (current, opens) = Reseal(endpointId, was.At(now));
            shut += opens ? 0 : 1;
            if (current != was)
                batch.BatchCommands.Add(Update(endpointId, was, current));
        }

        if (batch.BatchCommands.Count > 0)
        {
            var written = await batch.ExecuteNonQueryAsync(cancellation);
            LogWritten(logger, written, vault.CurrentKey);
        }

        _shutOfPass += shut;
        if (rows.Count == BatchLimit)
        {
            _passAt = rows[^1].EndpointId;
            return true;
        }

        EndPass();
        return false;
    }

    private async Task<List<(Guid EndpointId, SealedEndpoint Row)>> DueAsync(
        DateTimeOffset now, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select s.endpoint_id, {SealedEndpoint.Columns} from webhook_secrets s
            where s.endpoint_id > $1
              and (s.overlap_until <= $2 or s.key_id <> $3 or s.next_key_id <> $3 or s.headers_key_id <> $3
                or s.previous_key_id <> $3)
            order by s.endpoint_id limit $4
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = _passAt });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = vault.CurrentKey });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchLimit });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(Guid, SealedEndpoint)> rows = [];
        while (await reader.ReadAsync(cancellation))
            rows.Add((reader.GetGuid(0), SealedEndpoint.Read(reader, 1)));
        return rows;
    }

    /// <summary>Each part that opens under the current key, and the others as they are; a retired secret that does not
    /// open is only forgotten sooner.</summary>
    private (SealedEndpoint Current, bool Opens) Reseal(Guid endpointId, SealedEndpoint row)
    {
        var secret = Try(vault.Reseal, endpointId, row.Secret);
        var next = row.Next is null ? null : Try(vault.Reseal, endpointId, row.Next);
        var headers = row.Headers is null ? null : Try(vault.ResealHeaders, endpointId, row.Headers);
        var previous = row.Previous is null ? null : Try(vault.Reseal, endpointId, row.Previous);
        var current = row with
        {
            Secret = secret ?? row.Secret,
            Next = next ?? row.Next,
            Headers = headers ?? row.Headers,
            Previous = previous,
            RetiredAt = previous is null ? null : row.RetiredAt,
        };
        var opens = secret is not null && (next is null) == (row.Next is null)
            && (headers is null) == (row.Headers is null);
        return (current, opens);
    }

    private static SealedSecret? Try(
        Func<Guid, SealedSecret, SealedSecret> reseal, Guid endpointId, SealedSecret part)
    {
        try
        {
            return reseal(endpointId, part);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>A command for each row, in the order of ids: two replicas never wait for each other in a
    /// circle.</summary>
    private static NpgsqlBatchCommand Update(Guid endpointId, SealedEndpoint was, SealedEndpoint current)
    {
        var update = new NpgsqlBatchCommand(
            """
            update webhook_secrets
            set key_id = $1, sealed = $2, next_key_id = $3, next_sealed = $4, overlap_until = $5, headers_key_id = $6,
              headers_sealed = $7, previous_key_id = $8, previous_sealed = $9, previous_retired_at = $10
            where endpoint_id = $11 and sealed = $12 and next_sealed is not distinct from $13
              and headers_sealed is not distinct from $14
            """);
        update.Parameters.AddNullable(current.Secret.KeyId, NpgsqlDbType.Text);
        update.Parameters.AddNullable(current.Secret.Bytes, NpgsqlDbType.Bytea);
        update.Parameters.AddNullable(current.Next?.KeyId, NpgsqlDbType.Text);
        update.Parameters.AddNullable(current.Next?.Bytes, NpgsqlDbType.Bytea);
        update.Parameters.AddNullable(current.OverlapUntil, NpgsqlDbType.TimestampTz);
        update.Parameters.AddNullable(current.Headers?.KeyId, NpgsqlDbType.Text);
        update.Parameters.AddNullable(current.Headers?.Bytes, NpgsqlDbType.Bytea);
        update.Parameters.AddNullable(current.Previous?.KeyId, NpgsqlDbType.Text);
        update.Parameters.AddNullable(current.Previous?.Bytes, NpgsqlDbType.Bytea);
        update.Parameters.AddNullable(current.RetiredAt, NpgsqlDbType.TimestampTz);
        update.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = endpointId });
        update.Parameters.AddNullable(was.Secret.Bytes, NpgsqlDbType.Bytea);
        update.Parameters.AddNullable(was.Next?.Bytes, NpgsqlDbType.Bytea);
        update.Parameters.AddNullable(was.Headers?.Bytes, NpgsqlDbType.Bytea);
        return update;
    }

    private void EndPass()
    {
        // Once, not every minute; the health check goes on saying it.
        if (_shutOfPass > _shut)
            LogShut(logger, _shutOfPass);
        (_shut, _shutOfPass, _passAt) = (_shutOfPass, 0, Guid.Empty);
    }

    [LoggerMessage(LogLevel.Information, "Rewrote the secrets of {Count} endpoints, with the key {Key}")]
    private static partial void LogWritten(ILogger logger, int count, string key);

    [LoggerMessage(
        LogLevel.Error,
        "The key ring does not open the secrets of {Count} endpoints; put the keys that webhook_secrets names back")]
    private static partial void LogShut(ILogger logger, int count);
}

internal static class EndpointSecretsRegistration
{
    public static void AddEndpointSecrets(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(new SecretVault(configuration));
        services.AddLoop<ReencryptSecrets>();
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            "SecretKeys", provider => provider.GetRequiredService<ReencryptSecrets>(), null, null));
    }
}
