using System.Text.Json;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Events;
using MassTransit;
using Npgsql;

namespace Kobbopay.Payments.Merchants.ApiKeys;

/// <summary>The <c>data</c> of <c>api_key.misused</c>.</summary>
/// <param name="Header">What only browsers send.</param>
/// <param name="Count">Requests in the seconds around <paramref name="At"/>; more may follow within the hour without
/// another event.</param>
internal sealed record ApiKeyMisusedData(
    MisusedKey ApiKey, string Header, string? Address, DateTimeOffset At, int Count);

internal sealed record MisusedKey(string Id, string Label, string Prefix, string Last4);

/// <summary>
/// Takes what gateways saw of keys (<see cref="ApiKeyActivity"/>), each message once: when a key was used last, which
/// ones came from a browser, and who guesses.
/// </summary>
public sealed class TakeApiKeyActivity(
    NpgsqlDataSource database, Signal<EventSequencer> sequencer, TimeProvider clock) : IConsumer<ApiKeyActivity>
{
    /// <summary>A page in production misuses a key with each visitor; the merchant is told once an hour.</summary>
    private static readonly TimeSpan MisuseEvery = TimeSpan.FromHours(1);

    public Task Consume(ConsumeContext<ApiKeyActivity> context) =>
        TakeAsync(context.Message, context.CancellationToken);

    internal async Task TakeAsync(ApiKeyActivity activity, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (!await IsFreshAsync(connection, activity.Id, cancellation))
            return;

        var now = clock.Now();
        var misused = await MarkMisusedAsync(connection, activity.Misuses, now, cancellation);
        await using var batch = new NpgsqlBatch(connection, transaction);
        AddUses(batch, [.. activity.Uses]);
        foreach (var (misuse, key) in misused)
            AddEvent(batch, misuse, key, now);
        foreach (var address in activity.Guessing)
        {
            AddEntry(batch, "authentication.guessing", address.Address, null, null, now, address.Address, new JsonObject
            {
                ["refused"] = address.Refused,
            });
        }

        await batch.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        if (misused.Count > 0)
            sequencer.Set();
    }

    private async Task<bool> IsFreshAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "insert into requested_events (id, filed_at) values ($1, $2) on conflict do nothing", connection);
        command.Parameters.AddId(id);
        command.Parameters.AddTime(clock.Now());
        return await command.ExecuteNonQueryAsync(cancellation) > 0;
    }

    /// <summary>In the order of the ids, so that two messages never wait for each other.</summary>
    private static void AddUses(NpgsqlBatch batch, List<ApiKeyUse> uses)
    {
        var update = batch.Add("""
            with used as (
              select k.id, u.at from unnest($1::uuid[], $2::timestamptz[]) u (id, at) join api_keys k on k.id = u.id
              order by k.id for update of k)
            update api_keys k set last_used_at = greatest(k.last_used_at, u.at) from used u where k.id = u.id
            """);
        update.AddArray(uses, use => use.KeyId);
        update.AddArray(uses, use => use.LastUsedAt.UtcDateTime);
    }

    /// <summary>Those that have not been announced in the last hour, with the key that it is.</summary>
    private static async Task<List<(ApiKeyMisuse Misuse, MisusedKey Key)>> MarkMisusedAsync(
        NpgsqlConnection connection, IReadOnlyList<ApiKeyMisuse> misuses, DateTimeOffset now,
        CancellationToken cancellation)
    {
        var marked = new List<(ApiKeyMisuse, MisusedKey)>();
        foreach (var misuse in misuses.DistinctBy(misuse => misuse.KeyId).OrderBy(misuse => misuse.KeyId))
        {
            await using var command = new NpgsqlCommand(
                """
                update api_keys set misuse_announced_at = $4
                where id = $1 and merchant_id = $2 and environment = $3
                  and (misuse_announced_at is null or misuse_announced_at < $5)
                returning label, prefix, last4
                """,
                connection);
            command.Parameters.AddId(misuse.KeyId);
            command.Parameters.AddId(misuse.MerchantId);
            command.Parameters.AddText(misuse.Environment);
            command.Parameters.AddTime(now);
            command.Parameters.AddTime(now - MisuseEvery);
            await using var row = await command.ExecuteReaderAsync(cancellation);
            if (await row.ReadAsync(cancellation))
            {
                marked.Add((misuse, new MisusedKey(
                    Id.Format(Id.ApiKey, misuse.KeyId), row.GetString(0), row.GetString(1), row.GetString(2))));
            }
        }

        return marked;
    }

    private void AddEvent(NpgsqlBatch batch, ApiKeyMisuse misuse, MisusedKey key, DateTimeOffset now)
    {
        OwnEvents.Add(
            batch, clock, misuse.MerchantId, misuse.Environment, EventTypes.ApiKeyMisused,
            JsonSerializer.SerializeToUtf8Bytes(
                new ApiKeyMisusedData(key, misuse.Header, misuse.Address, misuse.At, misuse.Count),
                ApiKeysJson.Default.ApiKeyMisusedData));
        AddEntry(
            batch, EventTypes.ApiKeyMisused, key.Id, misuse.MerchantId, misuse.Environment, now, misuse.Address,
            new JsonObject { ["header"] = misuse.Header, ["count"] = misuse.Count });
    }

    private void AddEntry(
        NpgsqlBatch batch, string action, string subject, Guid? merchantId, string? environment, DateTimeOffset now,
        string? address, JsonObject details)
    {
        var id = Id.New(clock);
        AuditLog.Add(batch, id, new AuditEntry(
            id.ToString(), now, AuditEntry.System, action, subject,
            merchantId is { } merchant ? Id.Format(Id.Merchant, merchant) : null, environment, details,
            RequestId: null, address));
    }
}
