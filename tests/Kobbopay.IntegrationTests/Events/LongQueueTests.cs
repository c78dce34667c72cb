using Kobbopay.IntegrationTests.Faults;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.IntegrationTests.Webhooks;
using Kobbopay.Payments.Events;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Events;

/// <summary>
/// A queue is empty most of the time, so autovacuum's statistics are of an empty one. What works it off later reads
/// each row a few times, not the whole queue for every batch or every row: PostgreSQL itself counts.
/// </summary>
public sealed class LongQueueTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_sequencer_reads_each_event_a_few_times()
    {
        const int Events = 400;
        await using var world = await RailWorld.CreateAsync();
        await AddPaymentsAsync(world, Events);
        await ForgetAsync(world.Database, "pending_events", "position");
        var before = await ReadRowsAsync(world.Database, "pending_events", deleted: Events);
        await AddPaymentsAsync(world, Events);
        var sequencer = world.Get<EventSequencer>();

        await sequencer.StartAsync(Token);
        await Eventually.TrueAsync(async () =>
        {
            world.Clock.Advance(TimeSpan.FromMilliseconds(50));
            return await world.ScalarAsync<bool>("select not exists (select from pending_events)");
        });
        await sequencer.StopAsync(Token);

        var after = await ReadRowsAsync(world.Database, "pending_events", deleted: 2 * Events);
        (after - before).Should().BeLessThan(5 * Events);
    }

    [Fact]
    public async Task The_dispatcher_reads_each_delivery_a_few_times()
    {
        const int Deliveries = 5_000;
        await using var house = await WebhooksHouse.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await house.StopAsync();
        var backlog = new Backlog(house.Sql);
        await backlog.AddEndpointsAsync(receiver.Url, 1);
        await backlog.AddEventsAsync(Deliveries);
        await ForgetAsync(house.Sql, "delivery_queue", "delivery_id");
        var before = await ReadRowsAsync(house.Sql, "delivery_queue", deleted: Deliveries);
        await backlog.AddEventsAsync(Deliveries);

        await house.StartAgainAsync();
        await Eventually.TrueAsync(() => house.QueryAsync<bool>("select not exists (select from delivery_queue)"));

        receiver.Count.Should().Be(Deliveries);
        var after = await ReadRowsAsync(house.Sql, "delivery_queue", deleted: 2 * Deliveries);
        (after - before).Should().BeLessThan(10 * Deliveries);
    }

    private static async Task AddPaymentsAsync(RailWorld world, int count)
    {
        for (var i = 0; i < count; i++)
            await world.CreatePaymentAsync();
    }

    /// <summary>Leaves the table as a queue that was worked off when autovacuum came: its pages, and next to no
    /// rows.</summary>
    private static async Task ForgetAsync(NpgsqlDataSource database, string table, string key)
    {
        foreach (var statement in new[]
        {
            $"alter table {table} set (autovacuum_enabled = off)",
            $"delete from {table} where {key} <> (select {key} from {table} order by {key} desc limit 1)",
            $"vacuum (analyze, truncate off) {table}",
            $"delete from {table}",
        })
        {
#pragma warning disable CA2100 // The tests' own names.
            await using var command = database.CreateCommand(statement);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(Token);
        }
    }

    /// <summary>Rows read in the table so far, whichever way; waits until so many deleted ones are counted, since
    /// PostgreSQL counts a little later.</summary>
    private static async Task<long> ReadRowsAsync(NpgsqlDataSource database, string table, int deleted) =>
        await Eventually.GetAsync(
            async () =>
            {
                await using var command = database.CreateCommand(
                    """
                    select case when n_tup_del >= $2 then seq_tup_read + (
                      select sum(idx_tup_read)::bigint from pg_stat_user_indexes i where i.relid = t.relid) end
                    from pg_stat_user_tables t where relname = $1
                    """);
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = table });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = deleted });
                return await command.ExecuteScalarAsync(Token) as long?;
            },
            rows => rows is not null) ?? 0;
}
