using System.Text;
using System.Text.Json;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.Events;

public sealed class EventSizeTests
{
    private const int EventLimit = 64 * 1024;

    [Fact]
    public async Task With_the_longest_metadata_and_after_ten_thousand_transfers_an_event_is_small_and_the_same_bytes()
    {
        await using var house = await PaymentsAndWebhooks.StartAsync();
        await house.Merchant.EndpointAsync(house.Receiver.Url);
        var merchant = house.Payments.Merchant;
        var metadata = Enumerable.Range(10, 20)
            .ToDictionary(i => $"{i}" + new string('値', 38), _ => new string('値', 499) + "\n");
        var id = await house.Payments.CreateOneAsync(merchant, metadata);
        var payment = (await house.Payments.SendAsync(HttpMethod.Get, $"/v1/payments/{id}")).Json;

        var address = (string)payment["depositAddress"]!;
        await house.Payments.Services.GetRequiredService<SimulatorChain>().MineAsync(
            await ChainAsync(house), 1,
            [.. Enumerable.Range(0, 10_000).Select(_ => new NewTransfer(NewTransfer.NewTxHash(), null, address, 1))],
            TestContext.Current.CancellationToken);

        var dusty = await Eventually.GetAsync(
            () => house.Payments.FeedAsync(merchant, "?after=1"), page => page.Sequences().Length > 0,
            TimeSpan.FromSeconds(60));
        var body = (await house.Payments.SendAsync(
            HttpMethod.Get, $"/v1/events/{dusty["data"]![0]!["id"]}")).Body;
        var snapshot = dusty["data"]![0]!["data"]!["payment"]!;
        ((int)snapshot["transferCount"]!, snapshot["transfers"]!.AsArray().Count).Should().Be((10_000, 20));
        Encoding.UTF8.GetByteCount(body).Should().BeInRange(32 * 1024, EventLimit);
        var received = await house.Receiver.ReceiveAsync(2, TimeSpan.FromSeconds(60));
        received.Single(one => one.Type == "payment.partially_paid").Body.Should().Equal(Encoding.UTF8.GetBytes(body));
    }

    [Fact]
    public async Task A_payment_whose_events_would_be_too_large_is_refused_and_so_are_control_characters()
    {
        await using var payments = await PaymentsApi.PaymentsHost.StartAsync();
        var rare = Enumerable.Range(10, 20).ToDictionary(
            i => $"{i}", _ => string.Concat(Enumerable.Repeat("😀", 250)));
        async Task<(int, string?, string?)> CreateAsync(object metadata)
        {
            var answer = await payments.CreateAsync(JsonSerializer.Serialize(
                new { amount = 1, currency = "USDT", network = "example-network", orderId = "order-1", metadata }));
            return (answer.Status, answer.Code, answer.Pointer);
        }

        (await CreateAsync(rare)).Should().Be((422, "invalid_request", "/metadata"));
        (await CreateAsync(new { a = "\u0001" })).Should().Be((422, "invalid_request", "/metadata/a"));
        (await CreateAsync(new { a = "\u0085" })).Should().Be((422, "invalid_request", "/metadata/a"));
        (await payments.CountAsync("payments")).Should().Be(0);
        (await CreateAsync(new { a = "😀 \n\r\t" })).Item1.Should().Be(201);
    }

    private static async Task<string> ChainAsync(PaymentsAndWebhooks house)
    {
        await using var command = house.Payments.Database.CreateCommand("select chain from payments");
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
