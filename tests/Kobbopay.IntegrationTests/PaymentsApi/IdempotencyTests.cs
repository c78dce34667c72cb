namespace Kobbopay.IntegrationTests.PaymentsApi;

public sealed class IdempotencyTests(PaymentsFixture fixture) : IClassFixture<PaymentsFixture>
{
    private PaymentsHost Host => fixture.Host;

    [Fact]
    public async Task The_same_key_and_body_give_the_stored_answer_again()
    {
        var first = await Host.CreateAsync(Body("replayed"), idempotencyKey: "key 1");
        var again = await Host.CreateAsync(Body("replayed"), idempotencyKey: "key 1");

        again.Status.Should().Be(201);
        again.Headers["Idempotency-Replayed"].Should().Be("true");
        again.Headers["Location"].Should().Be(first.Headers["Location"]);
        again.Body.Should().Be(first.Body);
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        await Host.CreateAsync(Body("one"), idempotencyKey: "key 2");
        var other = await Host.CreateAsync(Body("two"), idempotencyKey: "key 2");

        other.Status.Should().Be(422);
        other.Code.Should().Be("idempotency_key_reused");
    }

    [Fact]
    public async Task Keys_of_different_merchants_are_different_keys()
    {
        await Host.CreateAsync(Body("theirs"), idempotencyKey: "key 3");
        var other = await Host.CreateAsync(Body("another"), await Host.AddMerchantAsync(), "key 3");

        other.Status.Should().Be(201);
        other.Headers.Should().NotContainKey("Idempotency-Replayed");
    }

    [Fact]
    public async Task A_replayed_order_is_remembered_under_its_key()
    {
        var first = await Host.CreateAsync(Body("order-then-key"));
        var byOrder = await Host.CreateAsync(Body("order-then-key"), idempotencyKey: "key 4");
        var byKey = await Host.CreateAsync(Body("order-then-key"), idempotencyKey: "key 4");

        byOrder.Headers.Should().ContainKey("Order-Replayed").And.NotContainKey("Idempotency-Replayed");
        byKey.Status.Should().Be(200);
        byKey.Headers["Idempotency-Replayed"].Should().Be("true");
        byKey.Body.Should().Be(first.Body);
    }

    [Fact]
    public async Task A_key_of_more_than_255_characters_is_refused()
    {
        var answer = await Host.CreateAsync(Body("bad-key"), idempotencyKey: new string('k', 256));

        answer.Status.Should().Be(422);
        answer.Code.Should().Be("invalid_request");
        answer.Pointer.Should().Be("Idempotency-Key");
    }

    [Theory]
    [InlineData("racing-key")]
    [InlineData(null)]
    public async Task Equal_requests_at_once_make_one_payment_and_equal_answers(string? key)
    {
        var before = await Host.CountAsync("payments");
        var order = $"race-{key}";
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(_ => Host.CreateAsync(Body(order), idempotencyKey: key)));

        answers.Select(a => a.Body).Distinct(StringComparer.Ordinal).Should().ContainSingle();
        answers.Select(a => a.Status).Should().OnlyContain(status => status == 200 || status == 201);
        (await Host.CountAsync("payments")).Should().Be(before + 1);
    }

    [Theory]
    [InlineData("key-of-two-hundred")]
    [InlineData(null)]
    public async Task Two_hundred_equal_requests_over_two_replicas_make_one_payment_and_equal_answers(string? key)
    {
        await using var replica = await Host.StartReplicaAsync();
        var before = await Host.CountAsync("payments");
        var order = $"two-replicas-{key}";

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            (i % 2 == 0 ? Host : replica).CreateAsync(Body(order), idempotencyKey: key)));

        answers.Select(a => a.Body).Distinct(StringComparer.Ordinal).Should().ContainSingle();
        answers.Select(a => a.Status).Should().OnlyContain(status => status == 200 || status == 201);
        answers.Count(a => !a.Headers.ContainsKey("Idempotency-Replayed") && !a.Headers.ContainsKey("Order-Replayed"))
            .Should().Be(1);
        (await Host.CountAsync("payments")).Should().Be(before + 1);
    }

    private static string Body(string order) =>
        $$"""{"amount": "1", "currency": "USDT", "network": "example-network", "orderId": "{{order}}"}""";
}
