using System.Text.Json;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>Limits, confirmations and the switch of each rail, as merchants meet them.</summary>
public sealed class RailConfigurationTests : IAsyncLifetime
{
    private const string Rail = "--Rails:example-network:";

    private RunningPayments _payments = null!;

    public async ValueTask InitializeAsync() => _payments = await RunningPayments.StartAsync(
        $"{Rail}USDT:Minimum=0.5", $"{Rail}USDT:Maximum=1000", $"{Rail}USDT:Confirmations=1",
        $"{Rail}USDT:Tiers:0:From=500", $"{Rail}USDT:Tiers:0:Confirmations=12",
        $"{Rail}USDT:Tiers:1:From=100", $"{Rail}USDT:Tiers:1:Confirmations=6",
        $"{Rail}DAI:Minimum=0.000000000000000002");

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Fact]
    public async Task The_rails_tell_their_limits_and_confirmations()
    {
        var rails = (await _payments.GetAsync("/v1/rails")).Body.GetProperty("data").EnumerateArray();
        rails.Select(rail => (
            Text(rail, "currency"), rail.GetProperty("decimals").GetInt32(), Text(rail, "minimum"),
            Text(rail, "maximum"), rail.GetProperty("requiredConfirmations").GetInt32())).Should().Equal(
            ("USDT", 6, "0.5", "1000", 1),
            ("USDC", 6, "0.000001", "1000000", 3),
            ("DAI", 18, "0.000000000000000002", "1000000", 3));
    }

    [Theory]
    [InlineData("USDT", "0.499999", "amount_out_of_range")]
    [InlineData("USDT", "1000.000001", "amount_out_of_range")]
    [InlineData("USDT", "1.0000001", "too_many_decimals")]
    [InlineData("DAI", "0.000000000000000001", "amount_out_of_range")]
    [InlineData("DAI", "1.0000000000000000001", "too_many_decimals")]
    public async Task Each_rail_has_limits_and_decimals_of_its_own(string currency, string amount, string code)
    {
        (await CreateAsync(currency, amount)).Problem.Should().Be((422, code, "/amount"));
    }

    [Theory]
    [InlineData("USDT", "0.5", 1)]
    [InlineData("USDT", "99.999999", 1)]
    [InlineData("USDT", "100", 6)]
    [InlineData("USDT", "499.999999", 6)]
    [InlineData("USDT", "1000", 12)]
    [InlineData("DAI", "0.000000000000000002", 3)]
    [InlineData("DAI", "1.234567890123456789", 3)]
    public async Task A_larger_amount_needs_more_confirmations(string currency, string amount, int confirmations)
    {
        var created = await CreateAsync(currency, amount);
        created.Status.Should().Be(201);
        (created.Text("amount"), created.Body.GetProperty("requiredConfirmations").GetInt32())
            .Should().Be((amount, confirmations));
    }

    [Fact]
    public async Task Eighteen_decimals_are_paid_and_shown_to_the_last_one()
    {
        var id = (await CreateAsync("DAI", "1.234567890123456789")).Text("payment_id");
        await PayAsync(id, "1.234567890123456788");
        var partial = await Testing.Eventually.GetAsync(
            async () => (await _payments.GetAsync($"/v1/payments/{id}")).Body,
            payment => Text(payment, "outcome") == "partial");
        Text(partial, "amountReceived").Should().Be("1.234567890123456788");

        (await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", """{"amount": "0.000000000000000002"}"""))
            .Status.Should().Be(200);
        var paid = await _payments.StatusAsync(id, "Paid");
        (Text(paid, "outcome"), Text(paid, "amountReceived")).Should().Be(("over", "1.23456789012345679"));
    }

    [Fact]
    public async Task Tiers_hold_a_payment_back_until_it_has_their_confirmations()
    {
        var small = (await CreateAsync("USDT", "99")).Text("payment_id");
        var large = (await CreateAsync("USDT", "100")).Text("payment_id");
        await PayAsync(small, "99");
        await PayAsync(large, "100");
        await _payments.StatusAsync(small, "Confirmed");
        await MineAsync(4);
        var waiting = await Testing.Eventually.GetAsync(
            async () => (await _payments.GetAsync($"/v1/payments/{large}")).Body,
            payment => payment.GetProperty("confirmations").GetInt32() == 5);
        Text(waiting, "status").Should().Be("Paid");
        await MineAsync(1);
        await _payments.StatusAsync(large, "Confirmed");
    }

    [Fact]
    public async Task A_rail_that_is_switched_off_takes_no_new_payment_and_finishes_those_it_has()
    {
        var id = (await CreateAsync("USDC", "10")).Text("payment_id");
        _payments = await _payments.RestartAsync($"{Rail}USDC:Enabled=false");

        var refused = await CreateAsync("USDC", "10");
        refused.Problem.Should().Be((422, "unsupported_rail", "/currency"));
        refused.Text("detail").Should().Be("Enabled are: USDT on example-network, DAI on example-network.");
        (await _payments.GetAsync("/v1/rails")).Body.GetProperty("data").EnumerateArray()
            .Select(rail => Text(rail, "currency")).Should().Equal("USDT", "DAI");

        (await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay")).Status.Should().Be(200);
        await MineAsync(2);
        Text(await _payments.StatusAsync(id, "Confirmed"), "amountReceived").Should().Be("10");
        var listed = await _payments.GetAsync("/v1/payments?currency=USDC");
        Text(listed.Body.GetProperty("data")[0], "payment_id").Should().Be(id);
    }

    private static string? Text(JsonElement json, string field) => json.GetProperty(field).GetString();

    private Task<Answer> CreateAsync(string currency, string amount) => _payments.PostAsync("/v1/payments", $$"""
        {"amount": {{amount}}, "currency": "{{currency}}", "network": "example-network",
         "orderId": "{{currency}}-{{amount}}"}
        """);

    private async Task PayAsync(string id, string amount) =>
        (await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", $$"""{"amount": {{amount}}}"""))
            .Status.Should().Be(200);

    private Task<Answer> MineAsync(int blocks) =>
        _payments.PostAsync("/v1/sandbox/networks/example-network/mine", $$"""{"blocks": {{blocks}}}""");
}
