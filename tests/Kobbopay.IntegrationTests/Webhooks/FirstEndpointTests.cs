using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class FirstEndpointTests(EndpointTests.OneHouse one) : IClassFixture<EndpointTests.OneHouse>
{
    private readonly WebhooksHouse _house = one.House;

    [Fact]
    public async Task A_claims_endpoint_is_made_once_and_gets_everything_with_the_secret_that_was_given()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var merchant = _house.NewMerchant();
        var (id, secret) = (Id.New(TimeProvider.System), WebhookSecret.Create());

        foreach (var _ in Enumerable.Range(0, 2))
            (await PutAsync(id, merchant, receiver.Url, secret)).Should().Be((200, null));

        var endpoint = (await merchant.GetAsync("/v1/webhook-endpoints")).Data.Should().ContainSingle().Subject;
        endpoint.GetProperty("id").GetString().Should().Be(Id.Format(Id.WebhookEndpoint, id));
        endpoint.GetProperty("events").GetRawText().Should().Be("""["*"]""");
        endpoint.GetProperty("bodySignature").GetBoolean().Should().BeFalse();
        await merchant.PublishAsync();
        var request = (await receiver.ReceiveAsync(1))[0];
        request.Verify(secret).Should().BeEquivalentTo(new Dictionary<WebhookSchemes, WebhookVerdict>
        {
            [WebhookSchemes.Standard] = WebhookVerdict.Valid,
            [WebhookSchemes.Kobbopay] = WebhookVerdict.Valid,
            [WebhookSchemes.BodyOnly] = WebhookVerdict.MissingHeader,
        });
    }

    [Fact]
    public async Task Asked_again_with_other_values_it_gets_these_and_a_rotation_is_over()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var merchant = _house.NewMerchant();
        var (id, secret) = (Id.New(TimeProvider.System), WebhookSecret.Create());
        await PutAsync(id, merchant, new Uri("https://shop.example/old"), WebhookSecret.Create());
        var route = $"/v1/webhook-endpoints/{Id.Format(Id.WebhookEndpoint, id)}";
        (await merchant.PostAsync($"{route}/rotate-secret")).Status.Should().Be(200);

        (await PutAsync(id, merchant, receiver.Url, secret)).Should().Be((200, null));

        var read = await merchant.GetAsync(route);
        read.Text("url").Should().Be(receiver.Url.ToString());
        read.Body.GetProperty("secretRotation").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        await merchant.PublishAsync();
        (await receiver.ReceiveAsync(1))[0].Verify(secret)[WebhookSchemes.Kobbopay].Should().Be(WebhookVerdict.Valid);
    }

    [Fact]
    public async Task A_url_that_the_rules_refuse_is_explained_and_stores_nothing()
    {
        var (test, live) = (_house.NewMerchant(), _house.NewMerchant("live"));
        var id = Id.New(TimeProvider.System);

        (await PutAsync(id, live, new Uri("http://shop.example/"), WebhookSecret.Create()))
            .Should().Be((200, "Use https."));
        (await PutAsync(id, test, new Uri("https://shop.example:22/"), WebhookSecret.Create()))
            .Should().Be((200, "Use port 80, 443, or one of 8000 to 9999."));

        (await CountAsync(id)).Should().Be(0);
        (await PutAsync(id, test, new Uri("https://shop.example/"), "whsec_short")).Should().Be((422, null));
        (await PutAsync(id, _house.NewMerchant("prod"), new Uri("https://shop.example/"), WebhookSecret.Create()))
            .Should().Be((422, null));
        (await CountAsync(id)).Should().Be(0);
    }

    [Fact]
    public async Task Anothers_endpoint_and_a_deleted_one_are_not_found_and_stay_as_they_are()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var merchant = _house.NewMerchant();
        var (id, secret) = (Id.New(TimeProvider.System), WebhookSecret.Create());
        await PutAsync(id, merchant, receiver.Url, secret);
        var route = $"/v1/webhook-endpoints/{Id.Format(Id.WebhookEndpoint, id)}";
        var before = (await merchant.GetAsync(route)).Body.GetRawText();
        var elsewhere = new Uri("https://elsewhere.example/");

        foreach (var stranger in new[]
        {
            _house.NewMerchant(),
            merchant with { Identity = merchant.Identity with { Environment = "live" } },
        })
        {
            (await PutAsync(id, stranger, elsewhere, WebhookSecret.Create())).Should().Be((404, null));
        }

        (await merchant.GetAsync(route)).Body.GetRawText().Should().Be(before);
        await merchant.PublishAsync();
        (await receiver.ReceiveAsync(1))[0].Verify(secret)[WebhookSchemes.Kobbopay].Should().Be(WebhookVerdict.Valid);
        (await merchant.DeleteAsync(route)).Status.Should().Be(204);
        (await PutAsync(id, merchant, elsewhere, WebhookSecret.Create())).Should().Be((404, null));
        (await CountAsync(id)).Should().Be(0, "the secret is destroyed");
    }

    [Fact]
    public async Task It_is_for_Payments_alone()
    {
        var target = $"{InternalApi.WebhookEndpoints}/{Id.New(TimeProvider.System)}";

        (await _house.SendAsync(_house.NewMerchant().Identity, HttpMethod.Put, target, null)).Status.Should().Be(401);
        (await _house.SendAsync(null, HttpMethod.Put, target, null)).Status.Should().Be(404);
    }

    private async Task<(int Status, string? Problem)> PutAsync(
        Guid id, TestMerchant merchant, Uri url, string secret)
    {
        var answer = await _house.PutAsPaymentsAsync(
            $"{InternalApi.WebhookEndpoints}/{id}",
            new FirstEndpoint(merchant.Identity.MerchantId, merchant.Identity.Environment, url.ToString(), secret));
        return (answer.Status, answer.Body.TryGetProperty("problem", out var problem) ? problem.GetString() : null);
    }

    private Task<long> CountAsync(Guid id) =>
        _house.QueryAsync<long>($"select count(*) from webhook_secrets where endpoint_id = '{id}'");
}
