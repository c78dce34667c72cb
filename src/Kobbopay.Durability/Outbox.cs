using System.Diagnostics;
using System.Text.Json;
using Kobbopay.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Durability;

/// <summary>
/// Messages on their way to the bus, written in the transaction that makes them true and deleted once the broker has
/// confirmed them. The table is the same in every service that publishes.
/// </summary>
public static class Outbox
{
    /// <summary>
    /// Adds one message. <paramref name="id"/> is a UUIDv7, so that rows leave about in the order they came.
    /// </summary>
    public static void Add<T>(this NpgsqlBatch batch, Guid id, T message)
        where T : class
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = """
            insert into outbox (id, message_type, body, traceparent) values ($1, $2, $3, $4)
            """;
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = typeof(T).Name });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Write(message) });
        command.Parameters.Add(new NpgsqlParameter
        {
            Value = (object?)Activity.Current?.Id ?? DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.Text,
        });
        batch.BatchCommands.Add(command);
    }

    public static byte[] Write<T>(T message)
        where T : class =>
        JsonSerializer.SerializeToUtf8Bytes(message, typeof(T), ContractsJson.Default);
}
