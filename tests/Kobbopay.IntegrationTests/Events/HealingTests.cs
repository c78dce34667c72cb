using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Events;

public sealed class HealingTests
{
    [Fact]
    public async Task A_consumer_that_comes_when_the_feed_has_begun_anew_takes_what_is_kept_and_waits_for_no_more()
    {
        await using var house = await PaymentsAndWebhooks.StartWithoutWebhooksAsync();
        var merchant = house.Payments.Merchant;
        await house.Payments.CreateAsync(merchant, 5);
        await Eventually.TrueAsync(async () => await house.Payments.CountAsync("outbox") == 0);
        await DropAsync(house, merchant.MerchantId, 3);
        var forgotten = await house.Payments.AddMerchantAsync();
        await house.Payments.CreateAsync(forgotten, 2);
        await Eventually.TrueAsync(async () => await house.Payments.CountAsync("outbox") == 0);
        await DropAsync(house, forgotten.MerchantId, 2);

        await house.StartWebhooksAsync();

        await Eventually.GetAsync(
            () => house.Webhooks!.QueryAsync<string>(
                """
                select coalesce(string_agg(contiguous::text, ',' order by contiguous), '') from inbox_streams
                """),
            watermarks => watermarks == "2,5");
        (await house.Webhooks!.QueryAsync<long>("select count(*) from webhook_events")).Should().Be(2);
    }

    [Fact]
    public async Task A_move_of_a_sandboxs_clock_that_the_bus_has_lost_is_followed_all_the_same()
    {
        await using var house = await PaymentsAndWebhooks.StartAsync();
        await house.Merchant.EndpointAsync(house.Receiver.Url);
        // Which is tried again after a minute.
        house.Receiver.Answers(WebhookAnswer.Of(429));
        await house.Payments.CreateAsync(house.Payments.Merchant, 1);
        await Eventually.TrueAsync(() => house.Webhooks!.QueryAsync<bool>(
            "select exists (select from delivery_queue where attempt = 1 and attempt_started_at is null)"));
        await house.Payments.ExecuteAsync(
            "update merchant_settings set clock_offset = '1 hour' where environment = 'test'");

        // Heads are asked for at the start, and then every half minute.
        await house.Webhooks!.StopAsync();
        await house.Webhooks.StartAgainAsync();

        await house.Receiver.ReceiveAsync(2);
        (await house.Webhooks.QueryAsync<long>("select offset_seconds from sandbox_clocks")).Should().Be(3600);
    }

    private static async Task DropAsync(PaymentsAndWebhooks house, Guid merchant, long upTo)
    {
        await using var command = house.Payments.Database.CreateCommand(
            """
            with dropped as (delete from events where merchant_id = $1 and sequence <= $2)
            update event_counters set dropped = $2 where merchant_id = $1
            """);
        command.Parameters.Add(new Npgsql.NpgsqlParameter<Guid> { TypedValue = merchant });
        command.Parameters.Add(new Npgsql.NpgsqlParameter<long> { TypedValue = upTo });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
