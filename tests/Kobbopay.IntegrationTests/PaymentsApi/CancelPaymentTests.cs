using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>
/// <c>POST /v1/payments/{payment_id}/cancel</c>, alone and against what else may happen at that moment.
/// </summary>
public sealed class CancelPaymentTests : IAsyncLifetime
{
    private RunningPayments _payments = null!;

    public async ValueTask InitializeAsync() => _payments = await RunningPayments.StartAsync();

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Fact]
    public async Task Canceling_ends_the_payment_tells_who_did_it_and_frees_the_order()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        var canceled = await CancelAsync(id);

        canceled.Status.Should().Be(200);
        (canceled.Text("payment_id"), canceled.Text("status"), canceled.Body.GetProperty("version").GetInt32())
            .Should().Be((id, "Canceled", 2));
        canceled.Body.GetProperty("fulfilment").GetRawText().Should().Be("""{"decision":"stop","reason":"canceled"}""");
        (await _payments.GetAsync($"/v1/payments/{id}")).Body.GetRawText().Should().Be(canceled.Body.GetRawText());
        (await _payments.TimelineAsync(id)).Should().Equal(
            "1 payment.created by nobody", $"2 payment.canceled by {_payments.Actor}");
        (await _payments.EventsAsync(id)).Last().GetProperty("data").GetProperty("payment").GetRawText()
            .Should().Be(canceled.Body.GetRawText());
        (await _payments.CreatePaymentAsync("order-1")).Should().NotBe(id);
    }

    [Fact]
    public async Task What_has_ended_or_holds_money_can_not_be_canceled()
    {
        var canceled = await _payments.CreatePaymentAsync("order-1");
        (await CancelAsync(canceled)).Status.Should().Be(200);
        (await CancelAsync(canceled)).Problem.Should().Be((409, "payment_not_cancelable", null));

        var partial = await _payments.CreatePaymentAsync("order-2");
        await _payments.PostAsync($"/v1/sandbox/payments/{partial}/pay", """{"amount": "4"}""");
        await _payments.OutcomeAsync(partial, "partial");
        var refused = await CancelAsync(partial);
        refused.Problem.Should().Be((409, "payment_not_cancelable", null));
        refused.Text("detail").Should().Be("The payment is Pending with 4 USDT received.");
    }

    [Fact]
    public async Task A_repeated_idempotency_key_gives_the_first_answer_again()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CancelAsync(id, key: "key-1")));

        answers.Select(answer => answer.Status).Should().OnlyContain(status => status == 200);
        answers.Select(answer => answer.Body.GetRawText()).Distinct().Should().ContainSingle();
        answers.Count(answer => !answer.Replayed).Should().Be(1);
        (await CancelAsync(id, "{}", "key-1")).Problem.Should().Be((422, "idempotency_key_reused", null));
        (await CancelAsync(id)).Problem.Should().Be((409, "payment_not_cancelable", null));
    }

    [Fact]
    public async Task Somebody_elses_payment_is_no_different_from_none()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        var somebody = _payments.Merchant with { MerchantId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch) };
        var live = _payments.Merchant with { Environment = MerchantEnvironments.Live };
        var unknown = Id.Format(Id.Payment, Id.New(TimeProvider.System));
        foreach (var (path, merchant) in new[]
        {
            (id, somebody), (id, live), (unknown, _payments.Merchant), ("pay_1", _payments.Merchant),
        })
        {
            var answer = await _payments.SendAsync(HttpMethod.Post, $"/v1/payments/{path}/cancel", null, merchant);
            answer.Problem.Should().Be((404, "not_found", null));
            answer.Text("detail").Should().Be("There is no such payment.");
        }

        var reader = _payments.Merchant with { Scopes = [Scopes.PaymentsRead] };
        (await _payments.SendAsync(HttpMethod.Post, $"/v1/payments/{id}/cancel", null, reader)).Problem
            .Should().Be((403, "insufficient_scope", null));
        (await _payments.GetAsync($"/v1/payments/{id}")).Text("status").Should().Be("Pending");
    }

    [Theory]
    [InlineData("""{"reason": "why"}""", 422, "invalid_request", "/reason")]
    [InlineData("[]", 422, "invalid_request", "")]
    [InlineData("{", 400, "invalid_json", null)]
    public async Task A_body_that_means_nothing_is_refused_and_changes_nothing(
        string body, int status, string code, string? pointer)
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        (await CancelAsync(id, body)).Problem.Should().Be((status, code, pointer));
        (await _payments.TimelineAsync(id)).Should().Equal("1 payment.created by nobody");
    }

    [Fact]
    public async Task Of_two_at_once_one_cancels()
    {
        for (var i = 0; i < 20; i++)
        {
            var id = await _payments.CreatePaymentAsync($"order-{i}");
            var answers = await Task.WhenAll(CancelAsync(id), CancelAsync(id));
            answers.Select(answer => answer.Status).Order().Should().Equal(200, 409);
            (await _payments.TimelineAsync(id)).Should().HaveCount(2);
        }
    }

    [Fact]
    public async Task Against_money_that_arrives_one_of_both_comes_first_and_nothing_is_lost()
    {
        var ids = new Dictionary<string, Answer>();
        for (var i = 0; i < 20; i++)
        {
            var id = await _payments.CreatePaymentAsync($"order-{i}");
            var pay = _payments.PostAsync($"/v1/sandbox/payments/{id}/pay");
            // Sometimes before the block is mined, sometimes while it is scanned.
            if (i % 2 == 0)
                await pay;
            ids[id] = await CancelAsync(id);
            (await pay).Status.Should().Be(200);
        }

        await Eventually.GetAsync(
            () => _payments.ScalarAsync<bool>(
                "select c.block_hash = s.head_hash from chains c join simulator_chains s using (chain)"),
            scanned => scanned);
        foreach (var (id, answer) in ids)
        {
            var payment = await _payments.OutcomeAsync(id, "exact");
            string[] story = (answer.Status, payment.GetProperty("status").GetString()) switch
            {
                (200, "Canceled") => ["payment.created", "payment.canceled", "payment.late_transfer"],
                (409, "Paid") => ["payment.created", "payment.paid"],
                (409, "Confirmed") => ["payment.created", "payment.paid", "payment.confirmed"],
                var other => [other.ToString()],
            };
            var events = await _payments.EventsAsync(id);
            events.Select(e => e.GetProperty("type").GetString()).Should().Equal(story);
            events.Select(e => e.GetProperty("version").GetInt32()).Should().Equal(Enumerable.Range(1, story.Length));
            (await _payments.TimelineAsync(id)).Select(row => row.Split(' ')[1]).Should().Equal(story);
        }
    }

    private Task<Answer> CancelAsync(string id, string? body = null, string? key = null) =>
        _payments.PostAsync($"/v1/payments/{id}/cancel", body, key);
}
