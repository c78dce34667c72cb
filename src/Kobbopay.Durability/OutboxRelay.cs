using System.Collections.Frozen;
using System.Diagnostics;
using System.Text.Json;
using Kobbopay.Contracts;
using MassTransit;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Kobbopay.Durability;

/// <summary>
/// Messages of one type whose parts a service keeps in a table of its own: the outbox holds the parts' ids alone, so
/// that nothing is written twice.
/// </summary>
/// <param name="ReadAsync">
/// Reads the messages that consist of these parts, in the order given; null in place of one of which nothing is kept.
/// </param>
public sealed record StoredMessages(
    string MessageType,
    Func<NpgsqlConnection, IReadOnlyList<Guid[]>, CancellationToken, Task<IReadOnlyList<object?>>> ReadAsync);

/// <summary>
/// Publishes outbox rows and deletes those that the broker has confirmed. Rows are claimed with <c>skip locked</c>, so
/// any number of replicas share the work; a crash between confirm and delete repeats messages, which consumers expect.
/// </summary>
public sealed partial class OutboxRelay(
    NpgsqlDataSource database, IBusControl bus, IEnumerable<StoredMessages> stored, Signal<OutboxRelay> signal,
    TimeProvider clock, ILogger<OutboxRelay> logger)
    : BackgroundLoop(clock, logger)
{
    /// <summary>
    /// Rows of a batch, each a message of many events and a confirm in flight, and batches at a time: while one waits
    /// for the broker or the disk, the other is prepared. Past 128 in flight a quorum queue can stall.
    /// </summary>
    private const int BatchLimit = 16;
    private const int Lanes = 2;

    /// <summary>Batches of a lane in one step; a long backlog must not look like a loop that stands.</summary>
    private const int BatchesOfStep = 20;

    /// <summary>A broker that has not confirmed by then is taken for gone; the rows stay.</summary>
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(10);

    private static readonly ActivitySource Source = new("Kobbopay.Outbox");

    private static readonly FrozenDictionary<string, Type> MessageTypes =
        new[]
            {
                typeof(PaymentsChanged), typeof(PaymentProgressed), typeof(MerchantEventRequested),
                typeof(SandboxClockAdvanced), typeof(ApiKeyChanged), typeof(AuditRecorded), typeof(ReceiverCertified),
            }
            .ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);

    private readonly ILogger _logger = logger;
    private bool _wasConnected;

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override TimeSpan Gathering => TimeSpan.FromMilliseconds(10);

    protected override Task WaitAsync(CancellationToken cancellation) => signal.WaitAsync(Interval, cancellation);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        // No rows are held locked while the broker is known to be away. At start the bus is still connecting, which is
        // no failure.
        var connected = bus.CheckHealth().Status != BusHealthStatus.Unhealthy;
        if (!connected && !_wasConnected)
            return false;
        _wasConnected = connected ? true : throw new InvalidOperationException("The broker is not connected");

        if (!await RelayAsync(cancellation))
            return false;
        var more = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => RelaySomeAsync(cancellation)));
        return more.Contains(true);
    }

    /// <summary>One lane, as long as more is waiting.</summary>
    private async Task<bool> RelaySomeAsync(CancellationToken cancellation)
    {
        for (var i = 0; i < BatchesOfStep; i++)
        {
            if (!await RelayAsync(cancellation))
                return false;
        }

        return true;
    }

    /// <summary>One batch, one transaction; true when there may be more.</summary>
    private async Task<bool> RelayAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var rows = await ClaimAsync(connection, cancellation);
        if (rows.Count == 0)
            return false;

        var messages = await ReadStoredAsync(connection, rows, cancellation);
        FaultPoint.Pass("relay.claimed");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(ConfirmTimeout);
        var publishing = rows.ConvertAll(row => PublishAsync(row, messages, timeout.Token));
        try
        {
            await Task.WhenAll(publishing);
        }
        finally
        {
            // What was confirmed is done, whatever happened to its neighbours.
            FaultPoint.Pass("relay.confirmed");
            var confirmed = rows.Where((_, i) => publishing[i].IsCompletedSuccessfully).Select(row => row.Id).ToArray();
            await DeleteAsync(connection, confirmed);
            FaultPoint.Pass("relay.deleted");
            await transaction.CommitAsync(CancellationToken.None);
        }

        return rows.Count == BatchLimit;
    }

    private static async Task<List<Row>> ClaimAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        batch.BeginByKey();
        var claim = new NpgsqlBatchCommand(
            """
            select id, message_type, body, parts, traceparent from outbox
            order by id limit $1 for update skip locked
            """);
        claim.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchLimit });
        batch.BatchCommands.Add(claim);
        batch.EndByKey();
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var rows = new List<Row>(BatchLimit);
        while (await reader.ReadAsync(cancellation))
        {
            rows.Add(new Row(
                reader.GetGuid(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetFieldValue<byte[]>(2),
                reader.IsDBNull(3) ? [] : reader.GetFieldValue<Guid[]>(3),
                reader.IsDBNull(4) ? null : reader.GetString(4)));
        }

        return rows;
    }

    private async Task<Dictionary<Guid, object>> ReadStoredAsync(
        NpgsqlConnection connection, List<Row> rows, CancellationToken cancellation)
    {
        var messages = new Dictionary<Guid, object>();
        foreach (var group in rows.Where(row => row.Body is null).GroupBy(row => row.MessageType))
        {
            var source = stored.Single(source => source.MessageType == group.Key);
            var read = await source.ReadAsync(connection, [.. group.Select(row => row.Parts)], cancellation);
            foreach (var (row, message) in group.Zip(read))
            {
                if (message is not null)
                    messages[row.Id] = message;
            }
        }

        return messages;
    }

    private async Task PublishAsync(Row row, Dictionary<Guid, object> messages, CancellationToken cancellation)
    {
        using var activity = Source.StartActivity("outbox publish", ActivityKind.Producer, row.TraceParent);
        var type = MessageTypes[row.MessageType];
        var message = row.Body is { } body
            ? JsonSerializer.Deserialize(body, type, ContractsJson.Default)
            : messages.GetValueOrDefault(row.Id);
        if (message is null)
        {
            LogGone(row.MessageType, row.Id);
            return;
        }

        await bus.Publish(
                message, type, Pipe.Execute<PublishContext>(context => context.MessageId = row.Id), cancellation);
    }

    private static async Task DeleteAsync(NpgsqlConnection connection, Guid[] confirmed)
    {
        // Losing this to a crash repeats messages and no more, so the commit does not wait for the disk.
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("set local synchronous_commit = off"));
        var delete = new NpgsqlBatchCommand("delete from outbox where id = any($1)");
        delete.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = confirmed });
        batch.BatchCommands.Add(delete);
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    [LoggerMessage(LogLevel.Warning, "The {MessageType} {Id} is no longer kept, so it is not published")]
    private partial void LogGone(string messageType, Guid id);

    private sealed record Row(Guid Id, string MessageType, byte[]? Body, Guid[] Parts, string? TraceParent);
}
