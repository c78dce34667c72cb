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
