using Kobbopay.Payments.Sandbox;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>
/// Scripts that play against a payment. What each of them shows over the public API is told by the end-to-end tests;
/// here is how they are asked for, and that nothing stops or doubles them.
/// </summary>
public sealed class ScenarioTests : IAsyncLifetime
{
    private RunningPayments _payments = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _payments = await RunningPayments.StartAsync();

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Theory]
    [InlineData("paid", "Confirmed", "created paid confirmed")]
    [InlineData("underpaid", "Pending", "created partially_paid")]
    [InlineData("underpaid_then_topup", "Confirmed", "created partially_paid paid confirmed")]
    [InlineData("overpaid", "Confirmed", "created paid confirmed")]
    [InlineData("late", "Confirmed", "created expired late_transfer paid confirmed")]
    [InlineData("reorg_after_paid", "Pending", "created paid reverted")]
    [InlineData("moved_by_reorg", "Confirmed", "created paid confirmed")]
    [InlineData("two_transfers_one_tx", "Confirmed", "created paid confirmed")]
    [InlineData("deep_reorg_after_confirmed", "Confirmed", "created paid confirmed finality_violated")]
    [InlineData("never_paid", "Expired", "created expired")]
    public async Task Each_plays_to_its_end(string scenario, string status, string events)
    {
        var created = await CreateAsync(scenario);
        created.Status.Should().Be(201);
        var id = created.Text("payment_id");
        var story = events.Split(' ').Select(type => $"payment.{type}");
        await Eventually.GetAsync(() => StoryAsync(id), seen => seen.SequenceEqual(story));
        await Eventually.TrueAsync(async () => await ScalarAsync<long>("select count(*) from sandbox_scenarios") == 0);
        (await _payments.GetAsync($"/v1/payments/{id}")).Text("status").Should().Be(status);
        created.Body.TryGetProperty("scenario", out _).Should().BeFalse();
    }

    [Fact]
    public async Task Every_name_has_a_script_and_is_told_to_whoever_mistypes_it()
    {
        var answer = await CreateAsync("payed");
        answer.Problem.Should().Be((422, "invalid_request", "/scenario"));
        var told = answer.Body.GetProperty("errors")[0].GetProperty("message").GetString()!;
        Scenarios.Scripts.Keys.Should().OnlyContain(name => told.Contains(name));
        Scenarios.Scripts.Should().HaveCount(11);
        (await ScalarAsync<long>("select count(*) from payments")).Should().Be(0);
    }

    [Fact]
    public async Task A_live_key_gets_no_scenario()
    {
        await ScalarAsync<object>(
            "insert into merchant_settings (merchant_id, environment) select id, 'live' from merchants; select 1");
        (await _payments.SendAsync(
            HttpMethod.Post, "/v1/payments", Body("paid"), _payments.Merchant with { Environment = "live" }))
            .Problem.Should().Be((403, "wrong_environment", "/scenario"));
    }

    [Fact]
    public async Task An_amount_that_can_not_be_halved_gets_no_scenario()
    {
        (await _payments.PostAsync("/v1/payments", Body("underpaid", "0.000001"))).Problem
            .Should().Be((422, "invalid_request", "/amount"));
    }

    [Fact]
    public async Task A_replayed_creation_plays_nothing_again()
    {
        var body = Body("paid");
        var first = await _payments.PostAsync("/v1/payments", body, "key-1");
        await _payments.StatusAsync(first.Text("payment_id"), "Confirmed");
        (await _payments.PostAsync("/v1/payments", body, "key-1")).Replayed.Should().BeTrue();
        (await ScalarAsync<long>("select count(*) from simulator_transfers")).Should().Be(1);
        (await ScalarAsync<long>("select count(*) from sandbox_scenarios")).Should().Be(0);
    }

    [Fact]
    public async Task A_step_and_its_record_are_one_transaction_so_that_a_crash_repeats_neither()
    {
        // As if the process died each time just before the commit of the first step, until it no longer does.
        await ScalarAsync<object>("""
            create sequence died;
            create function die() returns trigger language plpgsql as $$
              begin
                if nextval('died') <= 2 then perform pg_terminate_backend(pg_backend_pid()); end if;
                return new;
              end $$;
            create trigger dies before update of step on sandbox_scenarios for each row execute function die();
            select 1
            """);
        var id = (await CreateAsync("underpaid_then_topup")).Text("payment_id");
        await _payments.StatusAsync(id, "Confirmed");

        (await ScalarAsync<long>("select count(*) from simulator_transfers")).Should().Be(2);
        // The payment is confirmed a moment before its event is in the feed.
        var story = await Eventually.GetAsync(() => StoryAsync(id), seen => seen.Count >= 4);
        story.Should().Equal("payment.created", "payment.partially_paid", "payment.paid", "payment.confirmed");
    }

    [Fact]
    public async Task Replicas_share_the_scripts()
    {
        await using var replica = await _payments.StartReplicaAsync();
        var ids = new List<string>();
        for (var i = 0; i < 20; i++)
            ids.Add((await _payments.PostAsync("/v1/payments", Body("paid", order: $"order-{i}"))).Text("payment_id"));
        foreach (var id in ids)
            await _payments.StatusAsync(id, "Confirmed");
        (await ScalarAsync<long>("select count(*) from simulator_transfers")).Should().Be(20);
    }

    private static string Body(string scenario, string amount = "10.5", string order = "order-1") => $$"""
        {"amount": {{amount}}, "currency": "USDT", "network": "example-network", "orderId": "{{order}}",
         "scenario": "{{scenario}}"}
        """;

    private Task<Answer> CreateAsync(string scenario) => _payments.PostAsync("/v1/payments", Body(scenario));

    private async Task<IReadOnlyList<string>> StoryAsync(string id)
    {
        var feed = (await _payments.GetAsync("/v1/events?limit=100")).Body.GetProperty("data");
        return [.. feed.EnumerateArray()
            .Where(e => e.GetProperty("payment_id").GetString() == id)
            .Select(e => e.GetProperty("type").GetString()!)];
    }

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = _payments.Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }
}
