using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>The sandbox's routes over HTTP, and what follows from them with all loops running.</summary>
public sealed class SandboxTests : IAsyncLifetime
{
    private const string Mine = "/v1/sandbox/networks/example-network/mine";
    private const string Reorg = "/v1/sandbox/networks/example-network/reorg";

    private RunningPayments _payments = null!;

    public async ValueTask InitializeAsync() => _payments = await RunningPayments.StartAsync();

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Fact]
    public async Task Pay_pays_what_is_missing_and_mining_confirms_it()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        var paid = await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay");

        paid.Status.Should().Be(200);
        (paid.Text("payment_id"), paid.Text("amount"), paid.Text("currency")).Should().Be((id, "10.5", "USDT"));
        var seen = await _payments.StatusAsync(id, "Paid");
        var transfer = seen.GetProperty("transfers")[0];
        transfer.GetProperty("txHash").GetString().Should().Be(paid.Text("txHash"));
        transfer.GetProperty("blockHash").GetString().Should().Be(
            paid.Body.GetProperty("block").GetProperty("hash").GetString());

        var mined = await _payments.PostAsync(Mine, """{"blocks": 2}""");
        mined.Body.GetProperty("head").GetProperty("number").GetInt64().Should().Be(2);
        var confirmed = await _payments.StatusAsync(id, "Confirmed");
        confirmed.GetProperty("fulfilment").GetProperty("decision").GetString().Should().Be("fulfil");
        confirmed.GetProperty("amountConfirmed").GetString().Should().Be("10.5");
    }

    [Fact]
    public async Task Pay_counts_what_was_sent_a_moment_ago_and_asks_how_much_more()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        (await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", """{"amount": "4"}""")).Status.Should().Be(200);
        (await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", "{}")).Text("amount").Should().Be("6.5");

        (await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay")).Problem
            .Should().Be((422, "invalid_request", "/amount"));
    }

    [Fact]
    public async Task Payers_do_not_keep_a_block_from_being_mined_and_the_last_one_holds_what_is_left()
    {
        const int Payers = 8;
        const int Payments = 10;
        var id = await _payments.CreatePaymentAsync("order-1");
        var paying = Task.WhenAll(Enumerable.Range(0, Payers).Select(async _ =>
        {
            for (var i = 0; i < Payments; i++)
            {
                var paid = await _payments.PostAsync(
                    $"/v1/sandbox/payments/{id}/pay", """{"amount": "0.01", "mine": false}""");
                paid.Status.Should().Be(200, paid.Body.ToString());
            }
        }));
        var mined = 0;
        for (; !paying.IsCompleted || mined == 0; mined++)
            (await _payments.PostAsync(Mine)).Status.Should().Be(200);
        await paying;
        (await _payments.PostAsync(Mine)).Status.Should().Be(200);

        mined.Should().BeGreaterThan(1, "a miner waits for the payers of the moment, not for all to come");
        (await ScalarAsync("select count(*) from simulator_transfers where block_number is not null"))
            .Should().Be(Payers * Payments);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task A_repeated_idempotency_key_pays_once(string mine)
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        var pay = $"/v1/sandbox/payments/{id}/pay";
        var body = $$"""{"amount": 1, "mine": {{mine}}}""";
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _payments.PostAsync(pay, body, "key-1")));

        answers.Select(answer => answer.Text("txHash")).Distinct().Should().ContainSingle();
        answers.Count(answer => !answer.Replayed).Should().Be(1);
        (await ScalarAsync("select count(*) from simulator_transfers")).Should().Be(1);
        (await _payments.PostAsync(pay, """{"amount": 2, "mine": false}""", "key-1")).Problem
            .Should().Be((422, "idempotency_key_reused", null));
        // What would be refused today was done before: nothing is missing any more.
        (await _payments.PostAsync(pay, """{"mine": false}""", "key-2")).Status.Should().Be(200);
        (await _payments.PostAsync(pay, """{"mine": false}""", "key-2")).Replayed.Should().BeTrue();
        (await ScalarAsync("select count(*) from simulator_transfers")).Should().Be(2);
    }

    [Theory]
    [InlineData("""{"amount": "1e1"}""", 422, "invalid_request", "/amount")]
    [InlineData("""{"amount": 1e400}""", 422, "invalid_request", "/amount")]
    [InlineData("""{"amount": "10,5"}""", 422, "invalid_request", "/amount")]
    [InlineData("""{"amount": 0}""", 422, "amount_out_of_range", "/amount")]
    [InlineData("""{"amount": -1}""", 422, "amount_out_of_range", "/amount")]
    [InlineData("""{"amount": 1000001}""", 422, "amount_out_of_range", "/amount")]
    [InlineData("""{"amount": 10.1234567}""", 422, "too_many_decimals", "/amount")]
    [InlineData("""{"amount": true}""", 422, "invalid_request", "/amount")]
    [InlineData("""{"amuont": 1}""", 422, "invalid_request", "/amuont")]
    [InlineData("{", 400, "invalid_json", null)]
    public async Task A_payment_that_can_not_be_made_names_its_field_and_mines_nothing(
        string body, int status, string code, string? pointer)
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        (await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", body)).Problem
            .Should().Be((status, code, pointer));
        (await ScalarAsync("select count(*) from simulator_blocks")).Should().Be(0);
    }

    [Theory]
    [InlineData(Mine, """{"blocks": 0}""", 422, "invalid_request", "/blocks")]
    [InlineData(Mine, """{"blocks": 1001}""", 422, "invalid_request", "/blocks")]
    [InlineData(Mine, """{"blocks": "2"}""", 422, "invalid_request", "/blocks")]
    [InlineData(Mine, """{"count": 2}""", 422, "invalid_request", "/count")]
    [InlineData(Reorg, "{}", 422, "invalid_request", "/depth")]
    [InlineData(Reorg, """{"depth": 101}""", 422, "invalid_request", "/depth")]
    [InlineData(Reorg, """{"depth": 1}""", 422, "invalid_request", "/depth")]
    [InlineData("/v1/sandbox/networks/ethereum/mine", "{}", 404, "not_found", null)]
    [InlineData("/v1/sandbox/payments/pay_unknown/pay", "{}", 404, "not_found", null)]
    public async Task What_can_not_be_done_says_why(string path, string body, int status, string code, string? pointer)
    {
        (await _payments.PostAsync(path, body)).Problem.Should().Be((status, code, pointer));
    }

    [Fact]
    public async Task The_sandbox_is_for_test_keys_with_its_scope_and_for_ones_own_payments()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        var pay = $"/v1/sandbox/payments/{id}/pay";
        Task<Answer> PostAsync(MerchantIdentity merchant) => _payments.SendAsync(HttpMethod.Post, pay, null, merchant);

        (await PostAsync(_payments.Merchant with { Environment = "live" })).Problem
            .Should().Be((403, "wrong_environment", null));
        (await PostAsync(_payments.Merchant with { Scopes = [Scopes.PaymentsWrite] })).Problem
            .Should().Be((403, "insufficient_scope", null));
        var somebody = Guid.CreateVersion7(DateTimeOffset.UnixEpoch);
        (await PostAsync(_payments.Merchant with { MerchantId = somebody })).Problem
            .Should().Be((404, "not_found", null));
    }

    [Fact]
    public async Task A_reorganisation_that_drops_the_money_reverts_the_payment()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay");
        await _payments.StatusAsync(id, "Paid");

        (await _payments.PostAsync(Reorg, """{"depth": 1, "drop": true}""")).Status.Should().Be(200);
        (await _payments.StatusAsync(id, "Pending")).GetProperty("amountReceived").GetString().Should().Be("0");
    }

    [Fact]
    public async Task With_a_block_interval_the_chain_moves_by_itself_while_a_payment_is_open()
    {
        await using var moving = await RunningPayments.StartAsync("--Simulator:BlockInterval=00:00:00.2");
        var id = await moving.CreatePaymentAsync("order-1");
        await moving.PostAsync($"/v1/sandbox/payments/{id}/pay");
        await moving.StatusAsync(id, "Confirmed");
    }

    [Fact]
    public async Task The_rails_of_the_keys_environment_are_listed()
    {
        var rails = (await _payments.GetAsync("/v1/rails")).Body.GetProperty("data");
        rails.EnumerateArray().Select(rail => rail.GetProperty("currency").GetString()).Should().Equal(
            "USDT", "USDC", "DAI");
        rails[0].GetRawText().Should().Be(
            """
            {"network":"example-network","networkName":"Example Network","currency":"USDT","kind":"simulator",
            "contract":null,"decimals":6,"minimum":"0.000001","maximum":"1000000","requiredConfirmations":3,
            "chainId":null,"status":"enabled","experimental":false}
            """.ReplaceLineEndings(string.Empty));

        await _payments.ScalarAsync<object>(
            "insert into merchant_settings (merchant_id, environment) select id, 'live' from merchants; select 1");
        var live = await _payments.SendAsync(
            HttpMethod.Get, "/v1/rails", null, _payments.Merchant with { Environment = "live" });
        live.Body.GetProperty("data").GetArrayLength().Should().Be(0);
    }

    private async Task<long> ScalarAsync(string sql)
    {
        await using var command = _payments.Database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
