using System.Text.Json;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>The sandbox's chain as one drives it over HTTP: its provider, its clock, its lists, odd payments.</summary>
public sealed class SandboxChainTests : IAsyncLifetime
{
    private const string Network = "/v1/sandbox/networks/example-network";
    private const string Advance = "/v1/sandbox/clock/advance";

    private RunningPayments _payments = null!;

    public async ValueTask InitializeAsync() => _payments = await RunningPayments.StartAsync();

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Fact]
    public async Task A_provider_that_fails_delays_its_own_chain_alone_and_the_service_stays_healthy()
    {
        var somebody = await AddMerchantAsync();
        var id = await _payments.CreatePaymentAsync("order-1");
        (await _payments.PostAsync($"{Network}/provider", """{"mode": "fail", "seconds": 3600}""")).Status
            .Should().Be(200);
        await DelayedAsync(id, true);
        await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay");

        var other = await SendAsync(somebody, "/v1/payments", Body("order-1"));
        var otherId = other.Text("payment_id");
        await SendAsync(somebody, $"/v1/sandbox/payments/{otherId}/pay", null);
        await Eventually.TrueAsync(async () => (await GetAsync(somebody, $"/v1/payments/{otherId}"))
            .Text("status") == "Paid");
        (await GetAsync(somebody, $"/v1/payments/{otherId}")).Body.GetProperty("detection").GetProperty("delayed")
            .GetBoolean().Should().BeFalse();
        (await _payments.HealthAsync()).Should().Contain("""
            "RailScanner example-network":{"status":"Healthy"
            """);
        (await _payments.CreatedAsync("order-2")).GetProperty("detection").GetProperty("delayed").GetBoolean()
            .Should().BeTrue();

        var mended = await _payments.PostAsync($"{Network}/provider", """{"mode": "ok"}""");
        (mended.Text("mode"), mended.Body.GetProperty("until").ValueKind).Should().Be(("ok", JsonValueKind.Null));
        mended.Body.GetProperty("head").GetProperty("number").GetInt64().Should().Be(0);
        await _payments.StatusAsync(id, "Paid");
        await DelayedAsync(id, false);
    }

    [Fact]
    public async Task A_provider_that_is_behind_is_back_when_its_time_is_over()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        var told = await _payments.PostAsync($"{Network}/provider", """{"mode": "delay", "seconds": 3}""");
        told.Body.GetProperty("head").ValueKind.Should().Be(JsonValueKind.Null);
        await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay");
        (await DelayedAsync(id, true)).GetProperty("status").GetString().Should().Be("Pending");
        await _payments.StatusAsync(id, "Paid");
        await DelayedAsync(id, false);
    }

    [Fact]
    public async Task The_clock_is_advanced_once_per_key_and_payments_expire_by_it()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        var advanced = await _payments.PostAsync(Advance, """{"seconds": 3700}""", "key-1");
        (await _payments.PostAsync(Advance, """{"seconds": 3700}""", "key-1")).Replayed.Should().BeTrue();

        advanced.Body.GetProperty("offsetSeconds").GetInt64().Should().Be(3700);
        advanced.Body.GetProperty("head").GetProperty("time").GetDateTimeOffset()
            .Should().Be(advanced.Body.GetProperty("time").GetDateTimeOffset());
        await _payments.StatusAsync(id, "Expired");
        var clock = (await _payments.GetAsync("/v1/sandbox/clock")).Body;
        clock.GetProperty("offsetSeconds").GetInt64().Should().Be(3700);
        clock.GetProperty("time").GetDateTimeOffset().Should().BeCloseTo(
            TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(3700), TimeSpan.FromMinutes(1));

        var fresh = await _payments.CreatedAsync("order-2");
        (fresh.GetProperty("expiresAt").GetDateTimeOffset() - fresh.GetProperty("createdAt").GetDateTimeOffset())
            .Should().Be(TimeSpan.FromSeconds(3700 + 3600));
    }

    [Fact]
    public async Task The_wrong_token_pays_nothing_and_several_transfers_are_one_transaction()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        var pay = $"/v1/sandbox/payments/{id}/pay";
        var wrong = await _payments.PostAsync(pay, """{"currency": "DAI"}""");
        (wrong.Text("currency"), wrong.Text("amount")).Should().Be(("DAI", "10.5"));
        var waiting = await _payments.PostAsync(pay, """{"amount": 1, "mine": false}""");
        waiting.Body.GetProperty("block").ValueKind.Should().Be(JsonValueKind.Null);
        (await _payments.GetAsync($"{Network}/transfers?limit=1")).Body.GetProperty("data")[0]
            .GetProperty("blockNumber").ValueKind.Should().Be(JsonValueKind.Null);

        var several = await _payments.PostAsync(pay, """{"transfers": ["2.5", 3, "4"]}""");
        several.Text("amount").Should().Be("9.5");
        several.Body.GetProperty("transfers").GetRawText().Should().Be("""["2.5","3","4"]""");
        var paid = await _payments.StatusAsync(id, "Paid");
        paid.GetProperty("amountReceived").GetString().Should().Be("10.5");
        paid.GetProperty("transfers").EnumerateArray().Select(t => t.GetProperty("txHash").GetString())
            .Should().BeEquivalentTo(
                Enumerable.Repeat(several.Text("txHash"), 3).Append(waiting.Text("txHash")));
    }

    [Fact]
    public async Task Blocks_and_transfers_are_listed_newest_first_page_by_page()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        for (var i = 1; i <= 5; i++)
            await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", $$"""{"amount": {{i}}}""");

        var first = (await _payments.GetAsync($"{Network}/blocks?limit=3")).Body;
        var rest = (await _payments.GetAsync(
            $"{Network}/blocks?limit=3&after={first.GetProperty("nextCursor").GetString()}")).Body;
        JsonElement[] blocks = [.. Data(first), .. Data(rest)];
        blocks.Select(b => b.GetProperty("number").GetInt64()).Should().Equal(4, 3, 2, 1, 0);
        blocks.Should().OnlyContain(b => b.GetProperty("transferCount").GetInt32() == 1);
        blocks.SkipLast(1).Select(b => b.GetProperty("parentHash").GetString())
            .Should().Equal(blocks.Skip(1).Select(b => b.GetProperty("hash").GetString()));
        (first.GetProperty("hasMore").GetBoolean(), rest.GetProperty("hasMore").GetBoolean())
            .Should().Be((true, false));

        var transfers = (await _payments.GetAsync($"{Network}/transfers?limit=4")).Body;
        Data(transfers).Select(t => t.GetProperty("amount").GetString()).Should().Equal("5", "4", "3", "2");
        Data(transfers)[0].GetProperty("payment_id").GetString().Should().Be(id);
        Data(transfers)[0].GetProperty("blockHash").GetString().Should().Be(blocks[0].GetProperty("hash").GetString());
        var cursor = transfers.GetProperty("nextCursor").GetString();
        Data((await _payments.GetAsync($"{Network}/transfers?after={cursor}")).Body).Should().ContainSingle();
        (await _payments.GetAsync($"{Network}/blocks?after={cursor}")).Problem.Code.Should().Be("invalid_cursor");
        Data((await GetAsync(await AddMerchantAsync(), $"{Network}/blocks")).Body).Should().BeEmpty();
    }

    [Theory]
    [InlineData($"{Network}/provider", "{}", "/mode")]
    [InlineData($"{Network}/provider", """{"mode": "slow", "seconds": 1}""", "/mode")]
    [InlineData($"{Network}/provider", """{"mode": "fail"}""", "/seconds")]
    [InlineData($"{Network}/provider", """{"mode": "fail", "seconds": 0}""", "/seconds")]
    [InlineData($"{Network}/provider", """{"mode": "delay", "seconds": 86401}""", "/seconds")]
    [InlineData($"{Network}/provider", """{"mode": "ok", "seconds": 5}""", "/seconds")]
    [InlineData(Advance, "{}", "/seconds")]
    [InlineData(Advance, """{"seconds": 0}""", "/seconds")]
    [InlineData(Advance, """{"seconds": -5}""", "/seconds")]
    [InlineData(Advance, """{"seconds": 5184001}""", "/seconds")]
    [InlineData(Advance, """{"seconds": "60"}""", "/seconds")]
    [InlineData(Advance, """{"days": 1}""", "/days")]
    [InlineData($"{Network}/reorg", """{"depth": 1, "drop": "all"}""", "/drop")]
    [InlineData($"{Network}/reorg", """{"depth": 1, "drop": [1]}""", "/drop")]
    [InlineData($"{Network}/reorg", """{"depth": 1, "drop": ["0xabc"]}""", "/drop/0")]
    [InlineData($"{Network}/reorg", """{"depth": 2}""", "/depth")]
    [InlineData("pay", """{"currency": "BTC"}""", "/currency")]
    [InlineData("pay", """{"amount": 1, "transfers": [1]}""", "/amount")]
    [InlineData("pay", """{"transfers": []}""", "/transfers")]
    [InlineData("pay", """{"transfers": [1, "1e5"]}""", "/transfers/1")]
    public async Task What_can_not_be_names_its_field_and_changes_nothing(string path, string body, string pointer)
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        await _payments.PostAsync($"{Network}/mine");
        var before = await StateAsync();

        var target = path == "pay" ? $"/v1/sandbox/payments/{id}/pay" : path;
        (await _payments.PostAsync(target, body)).Problem.Should().Be((422, "invalid_request", pointer));

        (await StateAsync()).Should().Be(before);
    }

    [Theory]
    [InlineData("POST", $"{Network}/provider")]
    [InlineData("POST", Advance)]
    [InlineData("GET", "/v1/sandbox/clock")]
    [InlineData("GET", $"{Network}/blocks")]
    [InlineData("GET", $"{Network}/transfers")]
    public async Task The_routes_are_for_test_keys_with_the_scope(string method, string path)
    {
        Task<Answer> SendAsync(MerchantIdentity merchant) =>
            _payments.SendAsync(HttpMethod.Parse(method), path, method == "GET" ? null : "{}", merchant);

        (await SendAsync(_payments.Merchant with { Environment = "live" })).Problem
            .Should().Be((403, "wrong_environment", null));
        (await SendAsync(_payments.Merchant with { Scopes = [Scopes.PaymentsWrite] })).Problem
            .Should().Be((403, "insufficient_scope", null));
    }

    private static JsonElement[] Data(JsonElement page) => [.. page.GetProperty("data").EnumerateArray()];

    private static string Body(string order) => $$"""
        {"amount": 10.5, "currency": "USDT", "network": "example-network", "orderId": "{{order}}"}
        """;

    private Task<JsonElement> DelayedAsync(string id, bool delayed) => Eventually.GetAsync(
        async () => (await _payments.GetAsync($"/v1/payments/{id}")).Body,
        payment => payment.GetProperty("detection").GetProperty("delayed").GetBoolean() == delayed);

    private async Task<MerchantIdentity> AddMerchantAsync()
    {
        var merchant = _payments.Merchant with { MerchantId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch) };
        await RailWorld.AddMerchantAsync(_payments.Database, merchant.MerchantId, TimeSpan.FromMinutes(60));
        return merchant;
    }

    private Task<Answer> SendAsync(MerchantIdentity merchant, string path, string? body) =>
        _payments.SendAsync(HttpMethod.Post, path, body, merchant);

    private Task<Answer> GetAsync(MerchantIdentity merchant, string path) =>
        _payments.SendAsync(HttpMethod.Get, path, null, merchant);

    private async Task<string> StateAsync()
    {
        await using var command = _payments.Database.CreateCommand(
            """
            select concat_ws(' ', c.head_hash, c.provider_mode, s.clock_offset, s.version,
              (select count(*) from simulator_transfers))
            from simulator_chains c, merchant_settings s
            """);
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
