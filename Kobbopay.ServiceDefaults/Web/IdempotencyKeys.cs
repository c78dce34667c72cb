using System.Security.Cryptography;
using Kobbopay.ServiceDefaults.Data;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>The stored answers of used keys, in a table for each kind of <see cref="IdempotencyOwner"/>.</summary>
public sealed class IdempotencyKeys(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>The stored answer of a used key, or null.</summary>
    /// <exception cref="ProblemException"><c>idempotency_key_reused</c> when it answered another request.</exception>
    public async Task<StoredAnswer?> FindAsync(
        IdempotencyOwner owner, IdempotencyClaim? claim, CancellationToken cancellation)
    {
        if (claim is null)
            return null;

        await using var command = database.CreateCommand(owner.Select);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = claim.Route });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = claim.Key });
        owner.AddTo(command.Parameters);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            return null;
        if (!CryptographicOperations.FixedTimeEquals(row.GetFieldValue<byte[]>(0), claim.Fingerprint))
        {
            throw new ProblemException(
                ProblemCodes.IdempotencyKeyReused, "This idempotency key has answered a request with another body.");
        }

        return new StoredAnswer(
            row.GetInt16(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetFieldValue<byte[]>(3), Replayed: true);
    }

    /// <summary>
    /// Stores the answer of an operation for its key, in the operation's transaction: when the key has answered
    /// already, that ends in a unique violation and nothing has happened. Nothing without a key.
    /// </summary>
    /// <param name="orLeave">There is no operation to undo: an answer that is there stays.</param>
    public void Add(
        NpgsqlBatch batch, IdempotencyOwner owner, IdempotencyClaim? claim, StoredAnswer answer, bool orLeave = false)
    {
        if (claim is null)
            return;

        var insert = batch.CreateBatchCommand();
        insert.CommandText = orLeave ? $"{owner.Insert} on conflict do nothing" : owner.Insert;
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = claim.Route });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = claim.Key });
        insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = claim.Fingerprint });
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = answer.Status });
        insert.Parameters.AddNullable(answer.Location, NpgsqlDbType.Text);
        insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = answer.Body });
        insert.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
        owner.AddTo(insert.Parameters);
        batch.BatchCommands.Add(insert);
    }
}

public static class IdempotencyRegistration
{
    public static void AddIdempotency(this IServiceCollection services)
    {
        services.AddSingleton<Idempotency>();
        services.AddSingleton<IdempotencyKeys>();
        services.AddSingleton<StoredAnswers>();
    }
}
