using Kobbopay.Payments;

namespace Kobbopay.IntegrationTests.Rails;

public sealed class AddressIndexTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task No_index_is_handed_out_twice_by_any_number_of_replicas()
    {
        var replicas = Enumerable.Range(0, 3).Select(_ => new AddressIndexes(_world.Database)).ToList();
        var taken = await Task.WhenAll(Enumerable.Range(0, 600).Select(i => Task.Run(async () =>
        {
            var index = await replicas[i % 3].TakeAsync("series", Token);
            if (i % 5 != 0)
                return index.Index;
            replicas[i % 3].Return(index);
            return -1L;
        })));

        var kept = taken.Where(index => index >= 0).ToList();
        kept.Should().HaveCount(480).And.OnlyHaveUniqueItems();
        // What was returned is given out again; each replica leaves less than a block unused.
        kept.Max().Should().BeLessThan(600 + (3 * 50));
    }

    [Fact]
    public async Task An_index_that_came_back_is_the_next_to_be_given_out()
    {
        var indexes = new AddressIndexes(_world.Database);
        var first = await indexes.TakeAsync("series", Token);
        var second = await indexes.TakeAsync("series", Token);
        indexes.Return(first);

        (await indexes.TakeAsync("series", Token)).Should().Be(first);
        (await indexes.TakeAsync("series", Token)).Index.Should().Be(second.Index + 1);
        (await indexes.TakeAsync("other", Token)).Index.Should().Be(0);
    }

    [Fact]
    public async Task Creations_that_find_a_payment_in_their_place_use_no_address()
    {
        await using var payments = await RunningPayments.StartAsync();
        const string Body = """{"amount": 1, "currency": "USDT", "network": "example-network", "orderId": "order-1"}""";
        var otherAmount = Body.Replace("1,", "2,", StringComparison.Ordinal);
        await payments.PostAsync("/v1/payments", Body, "key-1");
        for (var i = 0; i < 60; i++)
        {
            (await payments.PostAsync("/v1/payments", Body, "key-1")).Status.Should().Be(201);
            (await payments.PostAsync("/v1/payments", Body)).Status.Should().Be(200);
            (await payments.PostAsync("/v1/payments", otherAmount)).Status.Should().Be(409);
        }

        var next = await payments.PostAsync(
            "/v1/payments", Body.Replace("order-1", "order-2", StringComparison.Ordinal));
        next.Text("addressPath").Should().Be("0/1");
    }
}
