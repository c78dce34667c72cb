using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class ReplayRouteTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

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

    [Theory]
    [InlineData("{}", "required")]
    [InlineData("""{"since":null}""", "required")]
    [InlineData("""{"since":"yesterday"}""", "invalid_format")]
    [InlineData("""{"since":"2026-01-01"}""", "invalid_format")]
    [InlineData("""{"since":"2026-01-01T00:00:00"}""", "invalid_format")]
    [InlineData("""{"since":"2020-01-01T00:00:00Z"}""", "out_of_range")]
    [InlineData("""{"since":"2999-01-01T00:00:00+02:00"}""", "out_of_range")]
    [InlineData("""{"since":1767225600}""", "wrong_type")]
    public async Task A_time_that_is_none_or_out_of_range_is_refused_and_leaves_no_replay(string body, string code)
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);

        foreach (var route in new[] { "recover", "replay-missing" })
        {
            using var content = new StringContent(body, null, "application/json");
            var answer = await _house.SendAsync(
                merchant.Identity, HttpMethod.Post, $"{endpoint.Location}/{route}", content);
            answer.Status.Should().Be(422);
            var error = answer.Body.GetProperty("errors").EnumerateArray().Should().ContainSingle().Subject;
            error.GetProperty("pointer").GetString().Should().Be("/since");
            error.GetProperty("code").GetString().Should().Be(code);
        }

        (await _house.QueryAsync<long>("select count(*) from replays")).Should().Be(0);
    }

    [Fact]
    public async Task Replays_are_their_merchants_own_and_need_the_scope()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        await Replaying.SeedAsync(merchant, endpoint, "exhausted", 1, Now - TimeSpan.FromHours(2));
        var since = Now - TimeSpan.FromHours(1);
        var own = await Replaying.RecoverAsync(merchant, endpoint, since);
        foreach (var stranger in new[]
        {
            _house.NewMerchant(),
            merchant with { Identity = merchant.Identity with { Environment = "live" } },
        })
        {
            (await Replaying.RecoverAsync(stranger, endpoint, since)).Text("code").Should().Be("not_found");
            (await Replaying.ReplayMissingAsync(stranger, endpoint, since)).Text("code").Should().Be("not_found");
            (await stranger.GetAsync(own.Location!)).Text("code").Should().Be("not_found");
        }

        var reader = merchant with { Identity = merchant.Identity with { Scopes = [Scopes.WebhooksRead] } };
        var writer = merchant with { Identity = merchant.Identity with { Scopes = [Scopes.WebhooksWrite] } };
        (await Replaying.RecoverAsync(reader, endpoint, since)).Text("code").Should().Be("insufficient_scope");
        (await Replaying.ReplayMissingAsync(reader, endpoint, since)).Text("code").Should().Be("insufficient_scope");
        (await writer.GetAsync(own.Location!)).Text("code").Should().Be("insufficient_scope");
        (await reader.GetAsync(own.Location!)).Status.Should().Be(200);
        (await merchant.GetAsync($"{endpoint.Location}/replays/rpl_x")).Status.Should().Be(404);
        (await _house.QueryAsync<long>("select count(*) from replays")).Should().Be(1);
    }
}
