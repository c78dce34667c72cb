using Kobbopay.Testing;
using Kobbopay.Webhooks.Deliveries;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>What was delivered is kept 90 days; what is pending, as long as it is.</summary>
public sealed class RetentionTests : IAsyncLifetime
{
    private const string Partitions = """
        select string_agg(inhrelid::regclass::text, ',' order by inhrelid::regclass::text)
        from pg_inherits where inhparent = 'attempts'::regclass
        """;

    // A Wednesday, far enough from the partitions that the migration makes for today.
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2031, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private WebhooksHouse _house = null!;

    public async ValueTask InitializeAsync() => _house = await WebhooksHouse.StartAsync(_clock);

    public async ValueTask DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task Finished_deliveries_go_after_90_days_and_events_when_nothing_needs_them()
    {
        await SeedAsync("old_and_done", days: 91, ["succeeded", "exhausted"]);
        await SeedAsync("old_and_pending", days: 91, ["succeeded", "pending"]);
        await SeedAsync("old_and_unwanted", days: 91, []);
        await SeedAsync("young", days: 89, ["succeeded", "skipped"]);
        await SeedAsync("young_and_unwanted", days: 89, []);

        await KeepAsync();

        (await _house.QueryAsync<string>("select string_agg(type, ' ' order by type) from webhook_events"))
            .Should().Be("old_and_pending young young_and_unwanted");
        (await _house.QueryAsync<string>(
            "select string_agg(event_type || ':' || status, ' ' order by event_type, status) from deliveries"))
            .Should().Be("old_and_pending:pending young:skipped young:succeeded");
    }

    [Fact]
    public async Task More_than_fits_one_transaction_goes_too_and_what_is_needed_does_not_hide_the_rest()
    {
        await SeedAsync("pending", days: 92, ["pending"], count: 1_100);
        await SeedAsync("done", days: 91, ["succeeded"], count: 2_100);

        await KeepAsync();

        (await _house.QueryAsync<string>(
            "select string_agg(distinct type, ' ') || count(*) from webhook_events")).Should().Be("pending1100");
        (await _house.QueryAsync<long>("select count(*) from deliveries")).Should().Be(1_100);
    }

    [Fact]
    public async Task Attempts_are_kept_by_the_week_and_made_ready_four_weeks_ahead()
    {
        await _house.QueryAsync<object>(
            """
            select add_attempts_partition('2031-01-01 12:00Z'::timestamptz - week * interval '7 days')::text
            from generate_series(1, 14) week
            """);
        // Monday, 30 September, to Sunday, 6 October 2030, and the week after.
        var before = await _house.QueryAsync<string>(Partitions);
        _clock.Advance(TimeSpan.FromDays(7));

        await KeepAsync();

        before.Should().Contain("attempts_2030_09_30").And.Contain("attempts_2030_10_07")
            .And.NotContain("attempts_2031_02_03");
        var after = await _house.QueryAsync<string>(Partitions);
        // 90 days before 8 January is Thursday, 10 October.
        after.Should().NotContain("attempts_2030_09_30").And.Contain("attempts_2030_10_07")
            .And.Contain("attempts_2030_12_30").And.Contain("attempts_2031_02_03")
            .And.NotContain("attempts_2031_02_10");
    }

    [Fact]
    public async Task An_attempt_is_recorded_after_a_year_off()
    {
        var merchant = _house.NewMerchant();
        await using var receiver = await WebhookReceiver.StartAsync();
        await merchant.EndpointAsync(receiver.Url);
        await _house.StopAsync();
        _clock.Advance(TimeSpan.FromDays(365));
        await _house.StartAgainAsync();

        var message = await merchant.PublishAsync();

        var delivery = await merchant.DeliveryAsync(
            message, one => one.GetProperty("status").GetString() == "succeeded");
        (await merchant.AttemptsAsync(delivery)).Should().ContainSingle();
        receiver.Requests.Should().ContainSingle();
    }

    /// <summary>Lets the loop run until it has nothing more to do; it drops partitions one at a time.</summary>
    private async Task KeepAsync()
    {
        var loop = _house.Services.GetRequiredService<KeepDeliveries>();
        await loop.StopAsync(TestContext.Current.CancellationToken);
        // A partition older than everything: it is gone once the loop has taken a step.
        await _house.QueryAsync<object>("select add_attempts_partition('2020-01-01Z')::text");
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _house.QueryAsync<bool>(
            $"""
            select not exists (
                select from pg_inherits where inhparent = 'attempts'::regclass
                  and inhrelid::regclass::text < to_char(
                    date_trunc('week', '{Before}'::timestamptz at time zone 'UTC'), '"attempts_"YYYY_MM_DD'))
              and not exists (
                select from deliveries where status <> 'pending' and id < lowest_id('{Before}'))
              and not exists (
                select from webhook_events e where id < lowest_id('{Before}')
                  and not exists (select from deliveries d where d.event_id = e.id))
            """));
    }

    private string Before => (_clock.GetUtcNow() - KeepDeliveries.Kept).ToString("O");

    /// <summary>Events of that age, each with deliveries of these statuses, each of those to an endpoint of its
    /// own.</summary>
    private async Task SeedAsync(string type, int days, string[] statuses, int count = 1)
    {
        await using var command = _house.Sql.CreateCommand(
            """
            with seeded as (
              insert into webhook_events (id, merchant_id, environment, type, body, created_at)
              select new_id($2), new_id($2), 'test', $1, '{}', $2 from generate_series(1, $4)
              returning id, merchant_id),
            delivered as (
              insert into deliveries (id, merchant_id, environment, endpoint_id, event_id, event_type, status,
                created_at, finished_at)
              select new_id($2), merchant_id, 'test', new_id($2), id, $1, status, $2,
                case when status <> 'pending' then $2 end
              from seeded cross join unnest($3::text[]) as status
              returning id, endpoint_id, event_id, status)
            insert into delivery_queue (delivery_id, endpoint_id, event_id, due_at)
            select id, endpoint_id, event_id, 'infinity' from delivered where status = 'pending'
            """);
        command.Parameters.Add(new() { Value = type });
        command.Parameters.Add(new() { Value = _clock.GetUtcNow() - TimeSpan.FromDays(days) });
        command.Parameters.Add(new() { Value = statuses });
        command.Parameters.Add(new() { Value = count });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
