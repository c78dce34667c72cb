using System.Text.Json;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class EndpointEnableTests(EndpointTests.OneHouse one) : IClassFixture<EndpointTests.OneHouse>
{
    private readonly WebhooksHouse _house = one.House;

    [Fact]
    public async Task A_disabled_endpoint_is_enabled_by_that_route_alone_and_its_failing_is_forgotten()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answers(WebhookAnswer.Of(410));
        var merchant = _house.NewMerchant();
        var created = await merchant.EndpointAsync(receiver.Url);
        await FailAsync(created);
        await merchant.PublishAsync();
        await Eventually.GetAsync(
            () => merchant.GetAsync(created.Location!), answer => answer.Text("status") == "disabled");
        await FailAsync(created);

        var patched = await merchant.PatchAsync(created.Location!, new { url = new Uri(receiver.Url, "/new") });
        patched.Text("status").Should().Be("disabled");
        var enabled = await merchant.PostAsync($"{created.Location}/enable");

        enabled.Status.Should().Be(200);
        enabled.Text("status").Should().Be("enabled");
        enabled.Body.GetProperty("disabledReason").ValueKind.Should().Be(JsonValueKind.Null);
        enabled.Body.GetProperty("disabledAt").ValueKind.Should().Be(JsonValueKind.Null);
        enabled.Body.GetRawText().Should().Be((await merchant.GetAsync(created.Location!)).Body.GetRawText());
        (await StateAsync(created)).Should().Be("0 / / /f/");
        await merchant.PublishAsync();
        (await receiver.ReceiveAsync(2))[1].Path.Should().Be("/new");
    }

    [Fact]
    public async Task Enabling_an_enabled_endpoint_changes_nothing()
    {
        var merchant = _house.NewMerchant();
        var created = await merchant.EndpointAsync(new Uri("https://shop.example/"));
        await FailAsync(created);
        var before = await StateAsync(created);

        var enabled = await merchant.PostAsync($"{created.Location}/enable", new { });

        enabled.Status.Should().Be(200);
        enabled.Body.GetRawText().Should().Be((await merchant.GetAsync(created.Location!)).Body.GetRawText());
        (await StateAsync(created)).Should().Be(before).And.StartWith("3 /");
    }

    private Task<Guid> FailAsync(Answer created) => _house.QueryAsync<Guid>(
        $"""
        insert into endpoint_state as s
          (endpoint_id, failing_since, failures, failed_event_id, failed_events_differ, warned_at)
        values ('{EndpointPatchTests.UuidOf(created)}', now(), 3, gen_random_uuid(), true, now())
        on conflict (endpoint_id) do update set failing_since = excluded.failing_since, failures = excluded.failures,
          failed_event_id = excluded.failed_event_id, failed_events_differ = excluded.failed_events_differ,
          warned_at = excluded.warned_at
        returning endpoint_id
        """);

    private Task<string> StateAsync(Answer created) => _house.QueryAsync<string>(
        $"""
        select concat(failures, ' /', failing_since, ' /', failed_event_id, ' /', failed_events_differ, '/', warned_at)
        from endpoint_state where endpoint_id = '{EndpointPatchTests.UuidOf(created)}'
        """);
}
