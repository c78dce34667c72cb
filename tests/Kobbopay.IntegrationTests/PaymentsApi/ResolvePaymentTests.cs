using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary><c>POST /v1/payments/{payment_id}/resolve</c>: people decide, and it is on record that they did.</summary>
public sealed class ResolvePaymentTests : IAsyncLifetime
{
    private const string Accept = """{"action": "accept", "reason": "a good customer"}""";
    private const string Dismiss = """{"action": "dismiss", "reason": "sent back"}""";

    private RunningPayments _payments = null!;

    public async ValueTask InitializeAsync() => _payments = await RunningPayments.StartAsync();

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Fact]
    public async Task Accepting_a_part_pays_with_it_and_only_that_step_names_who_and_why()
    {
        var id = await PartialAsync("order-1");
        var accepted = await ResolveAsync(id, Accept);

        accepted.Status.Should().Be(200);
        (accepted.Text("status"), accepted.Text("outcome"), accepted.Text("amountDue"), accepted.Text("amountReceived"))
            .Should().Be(("Paid", "under", "4", "4"));
        await MineAsync(2);
        var confirmed = await _payments.StatusAsync(id, "Confirmed");
        confirmed.GetProperty("fulfilment").GetRawText().Should().Be("""{"decision":"fulfil","reason":"accepted"}""");
        (await _payments.TimelineAsync(id)).Should().Equal(
            "1 payment.created by nobody",
            "2 payment.partially_paid by nobody",
            $"3 payment.paid by {_payments.Actor}: a good customer",
            "4 payment.confirmed by nobody");
    }

    [Fact]
    public async Task Accepting_money_that_is_final_pays_and_confirms_at_once()
    {
        var id = await PartialAsync("order-1");
        await MineAsync(4);
        await _payments.PaymentAsync(id, payment => payment.GetProperty("amountConfirmed").GetString() == "4");

        (await ResolveAsync(id, Accept)).Text("status").Should().Be("Confirmed");
        (await _payments.TimelineAsync(id)).Skip(2).Should().Equal(
            $"3 payment.paid by {_payments.Actor}: a good customer", "4 payment.confirmed by nobody");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Accepting_on_a_closed_payment_takes_its_order_back_only_while_that_is_free(bool taken)
    {
        var id = await CanceledWithMoneyAsync("order-1");
        var other = taken ? await _payments.CreatePaymentAsync("order-1") : id;
        (await ResolveAsync(id, Accept)).Text("status").Should().Be("Paid");

        var again = await _payments.PostAsync("/v1/payments", """
            {"amount": 10.5, "currency": "USDT", "network": "example-network", "orderId": "order-1"}
            """);
        if (taken)
            (again.Status, again.Text("payment_id")).Should().Be((200, other));
        else
            (again.Status, again.Text("code"), again.Text("payment_id")).Should().Be((409, "order_already_paid", id));
    }

    [Fact]
    public async Task Dismissed_money_is_dealt_with_until_more_comes()
    {
        var id = await CanceledWithMoneyAsync("order-1");
        var dismissed = await ResolveAsync(id, Dismiss);
        (dismissed.Status, dismissed.Text("status")).Should().Be((200, "Canceled"));
        dismissed.Body.GetProperty("fulfilment").GetRawText()
            .Should().Be("""{"decision":"stop","reason":"dismissed"}""");
        (await ResolveAsync(id, Dismiss)).Problem.Should().Be((409, "payment_not_resolvable", null));

        await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", """{"amount": "1"}""");
        await _payments.PaymentAsync(id, payment => payment.GetProperty("transferCount").GetInt32() == 2);
        (await ResolveAsync(id, Accept)).Text("status").Should().Be("Paid");
        (await _payments.TimelineAsync(id)).Skip(2).Should().Equal(
            "3 payment.late_transfer by nobody",
            $"4 payment.resolved by {_payments.Actor}: sent back",
            "5 payment.late_transfer by nobody",
            $"6 payment.paid by {_payments.Actor}: a good customer");
    }

    [Fact]
    public async Task What_the_rules_leave_no_question_about_can_not_be_resolved()
    {
        var open = await _payments.CreatePaymentAsync("order-1");
        (await ResolveAsync(open, Accept)).Problem.Should().Be((409, "payment_not_resolvable", null));
        (await ResolveAsync(open, Dismiss)).Problem.Should().Be((409, "payment_not_resolvable", null));

        await _payments.PostAsync($"/v1/sandbox/payments/{open}/pay");
        await _payments.StatusAsync(open, "Paid");
        (await ResolveAsync(open, Accept)).Problem.Should().Be((409, "payment_not_resolvable", null));
        (await _payments.TimelineAsync(open)).Should().HaveCount(2);
    }

    [Fact]
    public async Task A_repeated_idempotency_key_gives_the_first_answer_again()
    {
        var id = await PartialAsync("order-1");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ResolveAsync(id, Accept, "key-1")));

        answers.Select(answer => answer.Body.GetRawText()).Distinct().Should().ContainSingle();
        answers.Count(answer => answer is { Status: 200, Replayed: false }).Should().Be(1);
        (await ResolveAsync(id, Dismiss, "key-1")).Problem.Should().Be((422, "idempotency_key_reused", null));
        (await _payments.TimelineAsync(id)).Should().HaveCount(3);
    }

    [Theory]
    [InlineData("{}", 422, "invalid_request", "/action")]
    [InlineData("""{"reason": "why"}""", 422, "invalid_request", "/action")]
    [InlineData("""{"action": "Accept", "reason": "why"}""", 422, "invalid_request", "/action")]
    [InlineData("""{"action": "refund", "reason": "why"}""", 422, "invalid_request", "/action")]
    [InlineData("""{"action": 1, "reason": "why"}""", 422, "invalid_request", "/action")]
    [InlineData("""{"action": "accept"}""", 422, "invalid_request", "/reason")]
    [InlineData("""{"action": "accept", "reason": null}""", 422, "invalid_request", "/reason")]
    [InlineData("""{"action": "accept", "reason": " "}""", 422, "invalid_request", "/reason")]
    [InlineData("""{"action": "accept", "reason": "a\nb"}""", 422, "invalid_request", "/reason")]
    [InlineData("""{"action": "accept", "reason": "long"}""", 422, "invalid_request", "/reason")]
    [InlineData("""{"action": "accept", "reason": "why", "amount": 4}""", 422, "invalid_request", "/amount")]
    [InlineData("null", 422, "invalid_request", null)]
    [InlineData("", 400, "invalid_json", null)]
    public async Task Bad_input_names_its_field_and_changes_nothing(
        string body, int status, string code, string? pointer)
    {
        var id = await PartialAsync("order-1");
        var sent = body.Replace("long", new string('r', 501), StringComparison.Ordinal);
        (await ResolveAsync(id, sent, "key-1")).Problem.Should().Be((status, code, pointer));
        (await _payments.TimelineAsync(id)).Should().HaveCount(2);
        (await _payments.ScalarAsync<long>("select count(*) from idempotency_keys")).Should().Be(0);
    }

    [Fact]
    public async Task Somebody_elses_payment_is_no_different_from_none()
    {
        var id = await PartialAsync("order-1");
        var somebody = _payments.Merchant with { MerchantId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch) };
        var live = _payments.Merchant with { Environment = MerchantEnvironments.Live };
        foreach (var (path, merchant) in new[]
        {
            (id, somebody), (id, live), ("pay_1", _payments.Merchant),
        })
        {
            (await _payments.SendAsync(HttpMethod.Post, $"/v1/payments/{path}/resolve", Accept, merchant)).Problem
                .Should().Be((404, "not_found", null));
        }

        var reader = _payments.Merchant with { Scopes = [Scopes.PaymentsRead] };
        (await _payments.SendAsync(HttpMethod.Post, $"/v1/payments/{id}/resolve", Accept, reader)).Problem
            .Should().Be((403, "insufficient_scope", null));
        (await _payments.TimelineAsync(id)).Should().HaveCount(2);
    }

    [Fact]
    public async Task Of_an_accept_and_a_dismiss_at_once_the_story_is_one_of_two()
    {
        for (var i = 0; i < 10; i++)
        {
            var id = await CanceledWithMoneyAsync($"order-{i}");
            var answers = await Task.WhenAll(ResolveAsync(id, Accept), ResolveAsync(id, Dismiss));
            answers[0].Status.Should().Be(200);
            string[] story = answers[1].Status == 200 ? ["payment.resolved", "payment.paid"] : ["payment.paid"];
            (await _payments.TimelineAsync(id)).Skip(3).Select(row => row.Split(' ')[1]).Should().Equal(story);
        }
    }

    private async Task<string> PartialAsync(string order)
    {
        var id = await _payments.CreatePaymentAsync(order);
        await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", """{"amount": "4"}""");
        await _payments.OutcomeAsync(id, "partial");
        return id;
    }

    private async Task<string> CanceledWithMoneyAsync(string order)
    {
        var id = await _payments.CreatePaymentAsync(order);
        (await _payments.PostAsync($"/v1/payments/{id}/cancel")).Status.Should().Be(200);
        await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", """{"amount": "4"}""");
        await _payments.OutcomeAsync(id, "under");
        return id;
    }

    private Task<Answer> MineAsync(int blocks) =>
        _payments.PostAsync("/v1/sandbox/networks/example-network/mine", $$"""{"blocks": {{blocks}}}""");

    private Task<Answer> ResolveAsync(string id, string body, string? key = null) =>
        _payments.PostAsync($"/v1/payments/{id}/resolve", body, key);
}
