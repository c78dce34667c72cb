using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>What a person has to look at: <c>/v1/exceptions</c>.</summary>
public sealed class ExceptionTests : IAsyncLifetime
{
    private const string Looked = """{"reason": "asked the customer to pay again"}""";

    private RunningPayments _payments = null!;

    public async ValueTask InitializeAsync() => _payments = await RunningPayments.StartAsync();

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Fact]
    public async Task Confirmed_money_that_leaves_the_chain_opens_one_and_the_status_stays()
    {
        var id = await ViolateAsync("order-1");
        var payment = (await _payments.GetAsync($"/v1/payments/{id}")).Body;
        payment.GetProperty("status").GetString().Should().Be("Confirmed");
        payment.GetProperty("fulfilment").GetRawText().Should().Be(
            """{"decision":"stop","reason":"finality_violated"}""");

        var found = (await ListAsync()).Should().ContainSingle().Subject;
        (Text(found, "kind"), Text(found, "status"), Text(found, "payment_id"), Text(found, "orderId"))
            .Should().Be(("finality_violated", "open", id, "order-1"));
        Text(found, "id").Should().MatchRegex("^exc_[0-9a-hjkmnp-tv-z]{26}$");
        var detail = found.GetProperty("detail");
        (Text(detail, "network"), Text(detail, "currency"), Text(detail, "amountDue"), Text(detail, "amountBefore"),
            Text(detail, "amountReceived"), detail.GetProperty("version").GetInt32())
            .Should().Be(("example-network", "USDT", "10.5", "10.5", "0", 4));
        (await _payments.ScalarAsync<string>(
            "select old_block_hash || new_block_hash from payment_timeline where type = 'payment.finality_violated'"))
            .Should().Be(Text(detail, "oldBlockHash") + Text(detail, "newBlockHash"));
        var told = (await _payments.EventsAsync(id))[^1].GetProperty("data").GetProperty("reorg");
        (Text(told, "oldBlockHash"), Text(told, "newBlockHash")).Should().Be(
            (Text(detail, "oldBlockHash"), Text(detail, "newBlockHash")));
        found.EnumerateObject().Where(field => field.Value.ValueKind == JsonValueKind.Null).Select(field => field.Name)
            .Should().Equal("closedAt", "closedBy", "closeReason");
    }

    [Fact]
    public async Task It_is_one_matter_until_somebody_closes_it_and_another_one_after_that()
    {
        var id = await ViolateAsync("order-1");
        await PayAndDropAsync(id);
        var found = (await ListAsync()).Should().ContainSingle().Subject;

        var closed = await CloseAsync(Text(found, "id"));
        closed.Status.Should().Be(200);
        (closed.Text("status"), closed.Text("closedBy"), closed.Text("closeReason"))
            .Should().Be(("closed", _payments.Actor, "asked the customer to pay again"));
        var again = await CloseAsync(Text(found, "id"), """{"reason": "another one"}""");
        (again.Status, again.Body.GetRawText()).Should().Be((200, closed.Body.GetRawText()));
        (await ListAsync()).Single().GetRawText().Should().Be(closed.Body.GetRawText());

        await PayAndDropAsync(id);
        (await ListAsync("?status=open")).Should().ContainSingle().Which.GetProperty("id").GetString()
            .Should().NotBe(Text(found, "id"));
        (await ListAsync("?status=closed")).Select(e => Text(e, "id")).Should().Equal(Text(found, "id"));
        (await ListAsync($"?payment_id={id}")).Select(e => Text(e, "status")).Should().Equal("open", "closed");
    }

    [Fact]
    public async Task The_list_is_paged_newest_first_and_by_payment()
    {
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
            ids.Add(await ViolateAsync($"order-{i}"));

        var first = (await _payments.GetAsync("/v1/exceptions?limit=2")).Body;
        first.GetProperty("data").EnumerateArray().Select(e => Text(e, "payment_id")).Should().Equal(ids[2], ids[1]);
        first.GetProperty("hasMore").GetBoolean().Should().BeTrue();
        (await ListAsync($"?limit=2&after={Text(first, "nextCursor")}")).Select(e => Text(e, "payment_id"))
            .Should().Equal(ids[0]);
        (await ListAsync($"?payment_id={ids[1]}")).Select(e => Text(e, "payment_id")).Should().Equal(ids[1]);
    }

    [Theory]
    [InlineData("?status=new", "invalid_request", "?status")]
    [InlineData("?payment_id=pay_1", "invalid_request", "?payment_id")]
    [InlineData("?limit=0", "invalid_request", "?limit")]
    [InlineData("?after=x", "invalid_cursor", null)]
    public async Task A_question_that_makes_no_sense_is_named(string query, string code, string? pointer)
    {
        (await _payments.GetAsync($"/v1/exceptions{query}")).Problem.Should().Be((422, code, pointer));
    }

    [Theory]
    [InlineData("{}", 422, "invalid_request", "/reason")]
    [InlineData("""{"reason": ""}""", 422, "invalid_request", "/reason")]
    [InlineData("""{"reason": "a\u0007"}""", 422, "invalid_request", "/reason")]
    [InlineData("""{"reason": "ok", "note": 1}""", 422, "invalid_request", "/note")]
    [InlineData("{", 400, "invalid_json", null)]
    public async Task Closing_takes_a_reason(string body, int status, string code, string? pointer)
    {
        await ViolateAsync("order-1");
        var id = Text((await ListAsync()).Single(), "id");
        (await CloseAsync(id, body)).Problem.Should().Be((status, code, pointer));
        Text((await ListAsync()).Single(), "status").Should().Be("open");
    }

    [Fact]
    public async Task A_repeated_idempotency_key_gives_the_first_answer_again()
    {
        await ViolateAsync("order-1");
        var id = Text((await ListAsync()).Single(), "id");
        var first = await CloseAsync(id, key: "key-1");
        var second = await CloseAsync(id, key: "key-1");

        (first.Replayed, second.Replayed).Should().Be((false, true));
        second.Body.GetRawText().Should().Be(first.Body.GetRawText());
    }

    [Fact]
    public async Task Somebody_elses_exception_is_no_different_from_none()
    {
        await ViolateAsync("order-1");
        var id = Text((await ListAsync()).Single(), "id");
        var somebody = _payments.Merchant with { MerchantId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch) };
        var live = _payments.Merchant with { Environment = MerchantEnvironments.Live };
        foreach (var merchant in new[] { somebody, live })
        {
            (await _payments.SendAsync(HttpMethod.Post, $"/v1/exceptions/{id}/close", Looked, merchant)).Problem
                .Should().Be((404, "not_found", null));
            (await _payments.SendAsync(HttpMethod.Get, "/v1/exceptions", null, merchant)).Body.GetProperty("data")
                .GetArrayLength().Should().Be(0);
        }

        (await CloseAsync("exc_1")).Problem.Should().Be((404, "not_found", null));
        var writer = _payments.Merchant with { Scopes = [Scopes.PaymentsWrite] };
        (await _payments.SendAsync(HttpMethod.Get, "/v1/exceptions", null, writer)).Problem
            .Should().Be((403, "insufficient_scope", null));
        Text((await ListAsync()).Single(), "status").Should().Be("open");
    }

    /// <summary>A payment that was confirmed, and whose money is gone.</summary>
    private async Task<string> ViolateAsync(string order)
    {
        var id = await _payments.CreatePaymentAsync(order);
        await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay");
        await MineAsync(2);
        await _payments.StatusAsync(id, "Confirmed");
        await DropAsync(3);
        await _payments.PaymentAsync(id, payment => payment.GetProperty("amountReceived").GetString() == "0");
        return id;
    }

    private async Task PayAndDropAsync(string id)
    {
        await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", """{"amount": "10.5"}""");
        await _payments.PaymentAsync(id, payment => payment.GetProperty("amountReceived").GetString() == "10.5");
        await DropAsync(1);
        await _payments.PaymentAsync(id, payment => payment.GetProperty("amountReceived").GetString() == "0");
    }

    private Task<Answer> MineAsync(int blocks) =>
        _payments.PostAsync("/v1/sandbox/networks/example-network/mine", $$"""{"blocks": {{blocks}}}""");

    private Task<Answer> DropAsync(int depth) => _payments.PostAsync(
        "/v1/sandbox/networks/example-network/reorg", $$"""{"depth": {{depth}}, "drop": true}""");

    private Task<Answer> CloseAsync(string id, string body = Looked, string? key = null) =>
        _payments.PostAsync($"/v1/exceptions/{id}/close", body, key);

    private async Task<List<JsonElement>> ListAsync(string query = "") =>
        [.. (await _payments.GetAsync($"/v1/exceptions{query}")).Body.GetProperty("data").EnumerateArray()];

    private static string Text(JsonElement json, string field) => json.GetProperty(field).GetString()!;
}
