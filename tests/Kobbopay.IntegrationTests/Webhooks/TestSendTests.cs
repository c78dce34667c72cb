using System.Text.Json;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class TestSendTests : IAsyncLifetime
{
    private WebhooksHouse _house = null!;
    private WebhookReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _house = await WebhooksHouse.StartAsync();
        _receiver = await WebhookReceiver.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _house.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_test_goes_through_the_queue_to_its_endpoint_alone_whatever_its_filter()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.PostEndpointAsync(new { url = _receiver.Url, events = new[] { "payment.paid" } });
        await using var other = await WebhookReceiver.StartAsync();
        await merchant.EndpointAsync(other.Url);

        var answer = await merchant.PostAsync($"{endpoint.Location}/test");

        answer.Status.Should().Be(202);
        answer.Location.Should().Be($"/v1/webhook-deliveries/{answer.Text("id")}");
        answer.Text("eventType").Should().Be("webhook.test");
        answer.Text("status").Should().Be("pending");
        var request = (await _receiver.ReceiveAsync(1))[0];
        request.Verify(endpoint.Text("secret")).Values.Should().OnlyContain(v => v == WebhookVerdict.Valid);
        request.Headers["X-Kobbopay-Delivery-Id"].Should().Be(answer.Text("id"));
        request.EventId.Should().Be(answer.Text("eventId"));
        request.Json.EnumerateObject().Select(field => field.Name).Should().Equal(
            "id", "type", "apiVersion", "environment", "sequence", "createdAt", "object", "data");
        request.Type.Should().Be("webhook.test");
        request.Json.GetProperty("apiVersion").GetString().Should().Be("v1");
        request.Json.GetProperty("environment").GetString().Should().Be("test");
        request.Json.GetProperty("sequence").ValueKind.Should().Be(JsonValueKind.Null);
        request.Json.GetProperty("object").GetString().Should().Be("webhook");
        request.Json.GetProperty("createdAt").GetString().Should().MatchRegex(@"^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$");
        request.Json.GetProperty("data").GetProperty("endpointId").GetString().Should().Be(endpoint.Text("id"));
        var read = await Eventually.GetAsync(
            () => merchant.GetAsync(answer.Location!), delivery => delivery.Text("status") == "succeeded");
        read.Body.GetProperty("attemptCount").GetInt32().Should().Be(1);
        other.Requests.Should().BeEmpty();
        (await merchant.GetAsync("/v1/webhook-deliveries")).Data.Should().ContainSingle();
    }

    [Fact]
    public async Task Its_type_may_be_named_and_no_other()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);

        (await merchant.PostAsync($"{endpoint.Location}/test", new { type = "webhook.test" })).Status.Should().Be(202);
        var other = await merchant.PostAsync($"{endpoint.Location}/test", new { type = "payment.paid" });
        var unknown = await merchant.PostAsync($"{endpoint.Location}/test", new { typ = "webhook.test" });

        (other.Status, ErrorOf(other)).Should().Be((422, "/type unknown_value"));
        (unknown.Status, ErrorOf(unknown)).Should().Be((422, "/typ unknown_field"));
        (await _house.QueryAsync<long>("select count(*) from webhook_events")).Should().Be(1);
    }

    [Theory]
    [InlineData("webhook.test")]
    [InlineData("webhook.*")]
    public async Task It_is_nothing_that_a_filter_can_name(string pattern)
    {
        var refused = await _house.NewMerchant().PostEndpointAsync(
            new { url = _receiver.Url, events = new[] { pattern } });

        (refused.Status, ErrorOf(refused)).Should().Be((422, "/events/0 unknown_event"));
    }

    [Fact]
    public async Task The_same_key_sends_one_test()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => merchant.PostAsync($"{endpoint.Location}/test", null, "one test")));

        answers.Select(answer => answer.Body.GetRawText()).Distinct().Should().ContainSingle();
        await Eventually.TrueAsync(() =>
            _house.QueryAsync<bool>("select not exists (select from delivery_queue)"));
        _receiver.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task A_disabled_endpoint_is_not_tested_and_nobody_elses_is_there()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        var reader = merchant with { Identity = merchant.Identity with { Scopes = [Scopes.WebhooksRead] } };
        foreach (var stranger in new[]
        {
            _house.NewMerchant(),
            merchant with { Identity = merchant.Identity with { Environment = "live" } },
        })
        {
            (await stranger.PostAsync($"{endpoint.Location}/test")).Text("code").Should().Be("not_found");
        }

        (await reader.PostAsync($"{endpoint.Location}/test")).Text("code").Should().Be("insufficient_scope");
        (await _house.SendAsync(null, HttpMethod.Post, $"{endpoint.Location}/test", null)).Status.Should().Be(401);
        Id.TryParse(Id.WebhookEndpoint, endpoint.Text("id"), out var id).Should().BeTrue();
        await _house.QueryAsync<long>(
            $"""
            with gone as (
              update webhook_endpoints set status = 'disabled', disabled_reason = 'gone', disabled_at = now()
              where id = '{id}' returning id)
            select count(*) from gone
            """);

        var disabled = await merchant.PostAsync($"{endpoint.Location}/test");
        (disabled.Status, disabled.Text("code")).Should().Be((409, "endpoint_disabled"));
        (await merchant.DeleteAsync(endpoint.Location!)).Status.Should().Be(204);
        (await merchant.PostAsync($"{endpoint.Location}/test")).Text("code").Should().Be("not_found");
        (await _house.QueryAsync<long>("select count(*) from webhook_events")).Should().Be(0);
        _receiver.Requests.Should().BeEmpty();
    }

    private static string ErrorOf(Answer answer)
    {
        var error = answer.Body.GetProperty("errors")[0];
        return $"{error.GetProperty("pointer").GetString()} {error.GetProperty("code").GetString()}";
    }
}
