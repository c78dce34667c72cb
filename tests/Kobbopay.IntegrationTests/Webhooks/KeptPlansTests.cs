using Kobbopay.Durability;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class KeptPlansTests
{
    /// <summary>A plan for the queue that is kept from when it was empty would scan a whole backlog.</summary>
    [Fact]
    public async Task Filing_events_keeps_plans_for_itself_alone_even_when_it_fails()
    {
        await using var house = await WebhooksHouse.StartAsync();
        var merchant = house.NewMerchant();
        var handler = house.Services.GetRequiredService<IPaymentChangedHandler>();
        var token = TestContext.Current.CancellationToken;

        await handler.HandleAsync([merchant.Event()], token);
        (await ModesAsync(house)).Should().Equal("force_custom_plan");

        var refused = merchant.Event() with { Environment = "nowhere" };
        await handler.Invoking(one => one.HandleAsync([refused], token)).Should().ThrowAsync<PostgresException>();
        (await ModesAsync(house)).Should().Equal("force_custom_plan");
    }

    /// <summary>Of the connections that the service has open and idle, each taken once.</summary>
    private static async Task<string[]> ModesAsync(WebhooksHouse house)
    {
        var pool = house.Services.GetRequiredService<NpgsqlDataSource>();
        var connections = new List<NpgsqlConnection>();
        var modes = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            for (var i = 0; i < 8; i++)
            {
                var connection = await pool.OpenConnectionAsync(TestContext.Current.CancellationToken);
                connections.Add(connection);
                await using var command = new NpgsqlCommand("show plan_cache_mode", connection);
                modes.Add((string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!);
            }
        }
        finally
        {
            foreach (var connection in connections)
                await connection.DisposeAsync();
        }

        return [.. modes];
    }
}
