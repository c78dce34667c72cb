using System.Text.Json;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>The list of money that counts for no payment, over HTTP.</summary>
public sealed class UnmatchedRouteTests : IAsyncLifetime
{
    private const string Route = "/v1/unmatched-transfers";

    private RunningPayments _payments = null!;

    public async ValueTask InitializeAsync() => _payments = await RunningPayments.StartAsync();

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Fact]
    public async Task Tokens_that_a_payment_does_not_take_are_listed_newest_first()
    {
        var first = await _payments.CreatePaymentAsync("order-1");
        var second = await _payments.CreatePaymentAsync("order-2");
        var rails = (await _payments.GetAsync("/v1/rails")).Body.GetProperty("data");
        var usdc = rails[1].GetProperty("contract").GetString()!;
        await SendAsync(first, usdc, "tx-1", 2_500_000);
        await SendAsync(second, "sim1unknown", "tx-2", 7);

        var list = await Eventually.GetAsync(
            () => _payments.GetAsync(Route), answer => answer.Body.GetProperty("data").GetArrayLength() == 2);
        var entries = list.Body.GetProperty("data").EnumerateArray().ToList();
        var payment = (await _payments.GetAsync($"/v1/payments/{second}")).Body;
        var block = await BlockOfAsync("tx-2");
        entries[0].GetProperty("id").GetString().Should().MatchRegex("^trf_[0-9a-hjkmnp-tv-z]{26}$");
        entries[0].GetRawText().Should().Be(
            $$"""
            {"id":"{{entries[0].GetProperty("id").GetString()}}","network":"example-network","currency":null,
            "contract":"sim1unknown","amount":"7","decimals":null,"txHash":"tx-2","blockNumber":1,
            "blockHash":"{{block.Hash}}","blockTime":"{{block.Time}}",
            "address":"{{payment.GetProperty("depositAddress").GetString()}}","reason":"wrong_token",
            "payment_id":"{{second}}","canonical":true}
            """.ReplaceLineEndings(string.Empty));
        (Text(entries[1], "currency"), Text(entries[1], "amount"), entries[1].GetProperty("decimals").GetInt32())
            .Should().Be(("USDC", "2.5", 6));

        foreach (var (query, hashes) in new (string, string[])[]
        {
            ($"payment_id={first}", ["tx-1"]),
            ("network=example-network&reason=wrong_token", ["tx-2", "tx-1"]),
            ("reason=closed_payment", []),
            ("limit=1", ["tx-2"]),
            ($"after={(await _payments.GetAsync($"{Route}?limit=1")).Text("nextCursor")}", ["tx-1"]),
        })
        {
            (await _payments.GetAsync($"{Route}?{query}")).Body.GetProperty("data").EnumerateArray()
                .Select(entry => Text(entry, "txHash")).Should().Equal(hashes, query);
        }

        foreach (var stranger in new[]
        {
            _payments.Merchant with { Environment = "live" },
            _payments.Merchant with { MerchantId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch) },
        })
        {
            (await _payments.SendAsync(HttpMethod.Get, Route, null, stranger)).Body.GetRawText()
                .Should().Be("""{"data":[],"hasMore":false,"nextCursor":null}""");
        }
    }

    [Theory]
    [InlineData("network=moon", "?network")]
    [InlineData("payment_id=pay_1", "?payment_id")]
    [InlineData("reason=lost", "?reason")]
    [InlineData("currency=USDC", "?currency")]
    public async Task What_is_no_filter_of_the_list_is_refused_by_name(string query, string pointer)
    {
        (await _payments.GetAsync($"{Route}?{query}")).Problem.Should().Be((422, "invalid_request", pointer));
    }

    private static string? Text(JsonElement json, string field) => json.GetProperty(field).GetString();

    /// <summary>A transfer that no route of the sandbox makes, mined in the next block.</summary>
    private async Task SendAsync(string paymentId, string contract, string txHash, long units)
    {
        Contracts.Id.TryParse(Contracts.Id.Payment, paymentId, out var id).Should().BeTrue();
        await using var command = _payments.Database.CreateCommand(
            $"""
            with chain as (insert into simulator_chains (chain) select chain from payments on conflict do nothing)
            insert into simulator_transfers (chain, tx_hash, contract, recipient, amount)
            select chain, '{txHash}', '{contract}', deposit_address, {units} from payments where id = '{id}'
            """);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        (await _payments.PostAsync("/v1/sandbox/networks/example-network/mine")).Status.Should().Be(200);
    }

    private async Task<(string Hash, string Time)> BlockOfAsync(string txHash)
    {
        await using var command = _payments.Database.CreateCommand(
            $"""
            select b.hash, to_char(b.time at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            from simulator_blocks b join simulator_transfers t on t.chain = b.chain and t.block_number = b.number
            where t.tx_hash = '{txHash}'
            """);
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        await row.ReadAsync(TestContext.Current.CancellationToken);
        return (row.GetString(0), row.GetString(1));
    }
}
