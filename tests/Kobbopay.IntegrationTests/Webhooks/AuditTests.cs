using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class AuditTests(EndpointTests.OneHouse one) : IClassFixture<EndpointTests.OneHouse>
{
    private readonly WebhooksHouse _house = one.House;

    [Fact]
    public async Task Who_did_what_to_what_when_and_by_which_request_is_told_without_secrets()
    {
        var told = await Told<AuditRecorded>.ListenAsync(_house);
        var merchant = _house.NewMerchant();
        var before = TimeProvider.System.GetUtcNow();

        var created = await merchant.PostEndpointAsync(new
        {
            url = "https://shop.example/hooks?a=1",
            events = new[] { "payment.*" },
            headers = new Dictionary<string, string> { ["X-Shop"] = "hush" },
        });

        await told.OfAsync(merchant, 1);
        var entry = told.Messages.Single(one => one.MerchantId == merchant.Identity.MerchantId);
        entry.Should().BeEquivalentTo(new AuditRecorded(
            entry.Id, entry.At, merchant.Identity.MerchantId, "test", Id.Format(Id.ApiKey, merchant.Identity.KeyId),
            "webhook_endpoint.created", created.Text("id"),
            """{"url":"https://shop.example/hooks?a=1","events":["payment.*"],"ordering":"none","bodySignature":"""
            + """true,"headerNames":["X-Shop"]}""",
            entry.RequestId));
        entry.At.Should().BeOnOrAfter(before).And.BeOnOrBefore(TimeProvider.System.GetUtcNow());
        Id.TryParse(Id.Request, entry.RequestId, out _).Should().BeTrue();
        entry.ToString().Should().NotContain("whsec_").And.NotContain("hush");
    }

    [Fact]
    public async Task Each_change_of_an_endpoint_is_one_entry_and_what_changes_nothing_is_none()
    {
        const string Unchanged = """ "ordering":"none","bodySignature":true,"headerNames":[]} """;
        var told = await Told<AuditRecorded>.ListenAsync(_house);
        var merchant = _house.NewMerchant();
        var created = await merchant.EndpointAsync(new Uri("https://shop.example/"));
        var (route, id) = (created.Location!, created.Text("id"));

        await merchant.PatchAsync(route, new
        {
            url = "https://shop.example/new",
            rateLimit = 5,
            headers = new Dictionary<string, string> { ["Authorization"] = "hush" },
        });
        await merchant.PatchAsync(
            route, new { headers = (object?)null, rateLimit = (int?)null, description = (string?)null });
        (await merchant.PatchAsync(route, new { ordering = "sometimes" })).Status.Should().Be(422);
        await merchant.PostAsync($"{route}/enable");
        await DisableAsync(created);
        await merchant.PostAsync($"{route}/enable");
        var rotated = await merchant.PostAsync($"{route}/rotate-secret");
        (await merchant.PostAsync($"{route}/rotate-secret")).Status.Should().Be(409);
        await merchant.PostAsync($"{route}/rotate-secret/complete");
        await merchant.PostAsync($"{route}/rotate-secret/complete");
        await merchant.PostAsync($"{route}/rotate-secret", new { overlapSeconds = 0 });
        (await _house.NewMerchant().DeleteAsync(route)).Status.Should().Be(404);
        await merchant.DeleteAsync(route);
        await merchant.DeleteAsync(route);

        (await told.OfAsync(merchant, 8)).Should().Equal(
            $$"""webhook_endpoint.created {{id}} {"url":"https://shop.example/","events":["*"],{{Unchanged.Trim()}}""",
            $$"""webhook_endpoint.changed {{id}} {"url":"https://shop.example/new","rateLimit":"""
            + """5,"headerNames":["Authorization"]}""",
            $$"""webhook_endpoint.changed {{id}} {"cleared":["description","rateLimit","headers"]}""",
            $"webhook_endpoint.enabled {id} {{}}",
            $$"""webhook_endpoint.secret_rotated {{id}} {"overlapUntil":"{{rotated.Text("overlapUntil")}}"}""",
            $"webhook_endpoint.rotation_completed {id} {{}}",
            $"webhook_endpoint.secret_rotated {id} {{}}",
            $"webhook_endpoint.deleted {id} {{}}");
    }

    [Fact]
    public async Task Sending_again_is_told_once_however_often_it_is_asked_for()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var told = await Told<AuditRecorded>.ListenAsync(_house);
        var merchant = _house.NewMerchant();
        var created = await merchant.EndpointAsync(receiver.Url);
        var (route, id) = (created.Location!, created.Text("id"));
        var delivery = await merchant.DeliveryAsync(
            await merchant.PublishAsync(), one => one.GetProperty("status").GetString() == "succeeded");
        var deliveryId = delivery.GetProperty("id").GetString();
        var since = TimeProvider.System.GetUtcNow().AddDays(-1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

        foreach (var replayed in new[] { false, true })
        {
            (await merchant.PostAsync($"/v1/webhook-deliveries/{deliveryId}/redeliver", new { }, "again"))
                .Replayed.Should().Be(replayed);
            (await merchant.PostAsync($"{route}/test", new { }, "test")).Replayed.Should().Be(replayed);
            (await merchant.PostAsync($"{route}/recover", new { since }, "recover")).Replayed.Should().Be(replayed);
            (await merchant.PostAsync($"{route}/replay-missing", new { since }, "missing"))
                .Replayed.Should().Be(replayed);
            (await merchant.PostAsync(
                "/v1/webhook-endpoints", new { url = receiver.Url, events = new[] { "api_key.*" } }, "create"))
                .Replayed.Should().Be(replayed);
        }

        (await told.OfAsync(merchant, 6)).Skip(1).Select(entry => entry.Replace(".000Z", "Z", StringComparison.Ordinal))
            .Should().SatisfyRespectively(
                entry => entry.Should().Be(
                    $$"""webhook_delivery.redelivered {{deliveryId}} {"endpoint":"{{id}}"}"""),
                entry => entry.Should().Be($"webhook_endpoint.tested {id} {{}}"),
                entry => entry.Should().Be($$"""webhook_endpoint.recover_started {{id}} {"since":"{{since}}"}"""),
                entry => entry.Should().Be(
                    $$"""webhook_endpoint.replay_missing_started {{id}} {"since":"{{since}}"}"""),
                entry => entry.Should().StartWith("webhook_endpoint.created whe_"));
    }

    private Task<Guid> DisableAsync(Answer endpoint) => _house.QueryAsync<Guid>(
        $"""
        update webhook_endpoints set status = 'disabled', disabled_reason = 'gone', disabled_at = now()
        where id = '{EndpointPatchTests.UuidOf(endpoint)}' returning id
        """);
}
