using Kobbopay.Durability;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.Payments.Events;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Events;

/// <summary>Events are kept by the week, at least 90 days.</summary>
public sealed class RetentionTests : IAsyncLifetime
{
    private const string Partitions = """
        select string_agg(inhrelid::regclass::text, ',' order by inhrelid::regclass::text)
        from pg_inherits where inhparent = 'events'::regclass and inhrelid::regclass::text < 'events_2026_05'
        """;

    private RailWorld _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // Friday, 2 January 2026.
    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Whole_weeks_older_than_ninety_days_go_and_the_feed_begins_after_them_without_a_gap()
    {
        await SequenceAsync(payments: 3);
        _world.Clock.Advance(TimeSpan.FromDays(9));
        await SequenceAsync(payments: 2);
        _world.Clock.Advance(TimeSpan.FromDays(85));
        await SequenceAsync(payments: 1);
        var feed = _world.Get<EventFeed>();
        var oldest = (await feed.ReadAsync(_world.Merchant, null, null, 1, Token)).Events[0].Sequence;

        await RunAsync<KeepEvents>(() => _world.ScalarAsync<bool>("select to_regclass('events_2025_12_29') is null"));

        oldest.Should().Be(1);
        (await _world.ScalarAsync<string>(Partitions)).Should().Be(
            "events_2026_01_05,events_2026_04_06,events_2026_04_13,events_2026_04_20,events_2026_04_27");
        var page = await feed.ReadAsync(_world.Merchant, null, null, 20, Token);
        page.Events.Select(e => e.Sequence).Should().Equal(4, 5, 6);
        (page.Latest, page.Dropped).Should().Be((6, 3));
        (await feed.ReadAsync(_world.Merchant, 3, null, 20, Token)).Events.Should().HaveCount(3);
        var expired = await ((Func<Task>)(() => feed.ReadAsync(_world.Merchant, 2, null, 20, Token)))
            .Should().ThrowAsync<ProblemException>();
        (expired.Which.Code, expired.Which.OldestSequence).Should().Be((ProblemCodes.CursorExpired, 4));
    }

    [Fact]
    public async Task An_event_of_a_week_that_nobody_prepared_makes_its_partition_itself()
    {
        await SequenceAsync(payments: 1);
        // Another replica drops what this one remembers.
        await _world.ScalarAsync<object?>("drop table events_2025_12_29; select 1");

        await SequenceAsync(payments: 1);

        (await _world.ScalarAsync<long>("select count(*) from events_2025_12_29")).Should().Be(1);
    }

    [Fact]
    public async Task What_was_stored_before_there_were_partitions_is_moved_into_them()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await RunScriptsAsync(source, script => string.CompareOrdinal(script, "0007") < 0);
        var monday = new DateTimeOffset(2025, 12, 29, 0, 0, 0, TimeSpan.Zero);
        DateTimeOffset[] times = [monday.AddMilliseconds(-1), monday];
        foreach (var time in times)
        {
            await using var insert = source.CreateCommand(
                """
                insert into events (id, merchant_id, environment, sequence, type, payment_id, version, created_at,
                  body, public_view)
                values ($1, $1, 'test', 1, 'payment.created', $1, 1, $2, '{}', '{}')
                """);
            insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7(time) });
            insert.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time });
            await insert.ExecuteNonQueryAsync(Token);
        }

        await RunScriptsAsync(source, script => script.StartsWith("0007", StringComparison.Ordinal));

        await using var where = source.CreateCommand(
            "select string_agg(tableoid::regclass::text, ',' order by id) from events where version = 1");
        (await where.ExecuteScalarAsync(Token)).Should().Be("events_2025_12_22,events_2025_12_29");
    }

    private static async Task RunScriptsAsync(NpgsqlDataSource source, Func<string, bool> wanted)
    {
        const string Folder = "Kobbopay.Payments.Migrations.";
        var assembly = typeof(Kobbopay.Payments.Program).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!name.StartsWith(Folder, StringComparison.Ordinal) || !wanted(name[Folder.Length..]))
                continue;
            using var script = new StreamReader(assembly.GetManifestResourceStream(name)!);
#pragma warning disable CA2100 // The product's own migrations.
            await using var command = source.CreateCommand(await script.ReadToEndAsync(Token));
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(Token);
        }
    }

    private async Task SequenceAsync(int payments)
    {
        for (var i = 0; i < payments; i++)
            await _world.CreatePaymentAsync();
        await RunAsync<EventSequencer>(
            () => _world.ScalarAsync<bool>("select not exists (select from pending_events)"));
    }

    /// <summary>Runs the loop until it has done what is expected of it; its pauses are the test's clock's.</summary>
    private async Task RunAsync<TLoop>(Func<Task<bool>> isDone)
        where TLoop : BackgroundLoop
    {
        var loop = _world.Get<TLoop>();
        await loop.StartAsync(Token);
        await Eventually.TrueAsync(() =>
        {
            _world.Clock.Advance(TimeSpan.FromMilliseconds(50));
            return isDone();
        });
        await loop.StopAsync(Token);
    }
}
