using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.PaymentsApi;

public sealed class CreatePaymentTests(PaymentsFixture fixture) : IClassFixture<PaymentsFixture>
{
    private static readonly string[] Made =
        ["depositAddress", "addressPath", "paymentUri", "publicStatusUrl", "createdAt", "expiresAt"];

    /// <summary>The body of the published request, to the letter, with an order of the test's own.</summary>
    private static string Published(string order) =>
        $$"""{"amount": 10.5, "currency": "USDT", "network": "example-network", "orderId": "{{order}}"}""";

    private PaymentsHost Host => fixture.Host;

    [Fact]
    public async Task The_published_request_makes_a_pending_payment()
    {
        var answer = await Host.CreateAsync(Published("order-123"));

        answer.Status.Should().Be(201);
        var payment = answer.Json.AsObject();
        var id = (string)payment["payment_id"]!;
        id.Should().MatchRegex("^pay_[0-9a-hjkmnp-tv-z]{26}$");
        answer.Headers["Location"].Should().Be($"/v1/payments/{id}");
        payment.Remove("payment_id");
        foreach (var made in Made)
        {
            ((string?)payment[made]).Should().NotBeNullOrEmpty(made);
            payment.Remove(made);
        }

        JsonNode.DeepEquals(payment, JsonNode.Parse("""
            { "environment": "test", "status": "Pending", "outcome": "none", "late": false, "amount": "10.5",
              "currency": "USDT", "network": "example-network", "asset": { "contract": null, "decimals": 6 },
              "orderId": "order-123", "description": null, "xpubFingerprint": null,
              "amountReceived": "0", "amountConfirmed": "0", "amountDue": "10.5", "confirmations": 0,
              "requiredConfirmations": 3, "transfers": [], "transferCount": 0, "returnUrl": null, "webhookUrl": null,
              "metadata": {}, "version": 1, "fulfilment": { "decision": "wait", "reason": "not_paid" },
              "detection": { "delayed": false }, "paidAt": null, "confirmedAt": null }
            """)).Should().BeTrue(answer.Body);
    }

    [Fact]
    public async Task What_was_created_is_what_is_read_and_what_the_event_says()
    {
        var created = await Host.CreateAsync("""
            { "amount": "0.000001", "currency": "USDT", "network": "example-network", "orderId": "all-fields",
              "description": "Two lines\nof text", "metadata": { "a b": "c", "é": "ü" }, "expiresIn": 300,
              "returnUrl": "https://shop.example.com/thanks?x=1" }
            """);
        created.Status.Should().Be(201, created.Body);

        var read = await Host.SendAsync(HttpMethod.Get, created.Headers["Location"]);
        read.Status.Should().Be(200);
        read.Body.Should().Be(created.Body);

        var paymentId = (string)created.Json["payment_id"]!;
        var happened = await Eventually.GetAsync(
            async () => (await Host.SendAsync(HttpMethod.Get, "/v1/events?limit=100")).Json["data"]!.AsArray()
                .SingleOrDefault(e => (string?)e!["payment_id"] == paymentId),
            found => found is not null);
        happened!["type"]!.GetValue<string>().Should().Be("payment.created");
        happened["data"]!["payment"]!.ToJsonString().Should().Be(JsonNode.Parse(created.Body)!.ToJsonString());
    }

    [Fact]
    public async Task The_same_order_again_answers_with_the_same_payment_while_it_is_open()
    {
        var first = await Host.CreateAsync(Published("pasted-twice"));
        var second = await Host.CreateAsync(Published("pasted-twice"));

        second.Status.Should().Be(200);
        second.Headers["Order-Replayed"].Should().Be("true");
        second.Body.Should().Be(first.Body);
    }

    [Fact]
    public async Task The_same_order_with_another_amount_is_a_conflict_that_names_the_open_payment()
    {
        var first = await Host.CreateAsync(Published("two-amounts"));
        var second = await Host.CreateAsync(Published("two-amounts").Replace("10.5", "11", StringComparison.Ordinal));

        second.Status.Should().Be(409);
        second.Code.Should().Be("order_has_open_payment");
        ((string?)second.Json["payment_id"]).Should().Be((string?)first.Json["payment_id"]);
        ((string?)second.Json["publicStatusUrl"]).Should().Be((string?)first.Json["publicStatusUrl"]);
    }

    [Fact]
    public async Task A_merchant_may_allow_many_payments_for_an_order()
    {
        var merchant = await Host.AddMerchantAsync("allow_many");
        var first = await Host.CreateAsync(Published("many"), merchant);
        var second = await Host.CreateAsync(Published("many"), merchant);

        second.Status.Should().Be(201);
        ((string?)second.Json["payment_id"]).Should().NotBe((string?)first.Json["payment_id"]);
        ((string?)second.Json["depositAddress"]).Should().NotBe((string?)first.Json["depositAddress"]);
    }

    [Fact]
    public async Task Orders_of_different_merchants_and_environments_are_different_orders()
    {
        var mine = await Host.CreateAsync(Published("shared-name"));
        var theirs = await Host.CreateAsync(Published("shared-name"), await Host.AddMerchantAsync());

        theirs.Status.Should().Be(201);
        ((string?)theirs.Json["payment_id"]).Should().NotBe((string?)mine.Json["payment_id"]);
    }

    [Fact]
    public async Task Somebody_elses_payment_and_an_unknown_one_are_the_same_404()
    {
        var path = (await Host.CreateAsync(Published("mine-alone"))).Headers["Location"];
        var unknown = $"/v1/payments/{Id.Format(Id.Payment, Id.New(TimeProvider.System))}";
        var stranger = await Host.AddMerchantAsync();
        var live = Host.Merchant with { Environment = MerchantEnvironments.Live };

        foreach (var answer in new[]
        {
            await Host.SendAsync(HttpMethod.Get, path, merchant: stranger),
            await Host.SendAsync(HttpMethod.Get, path, merchant: live),
            await Host.SendAsync(HttpMethod.Get, unknown),
            await Host.SendAsync(HttpMethod.Get, "/v1/payments/pay_1"),
        })
        {
            answer.Status.Should().Be(404);
            answer.Code.Should().Be("not_found");
            ((string?)answer.Json["detail"]).Should().Be("There is no such payment.");
        }
    }
}

/// <summary>One service for the tests of a class.</summary>
public sealed class PaymentsFixture : IAsyncLifetime
{
    public PaymentsHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await PaymentsHost.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
