using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class EgressTests
{
    [Fact]
    public async Task Without_an_allowance_no_name_and_no_spelling_leads_inside()
    {
        await using var house = await WebhooksHouse.StartAsync(null, "--nothing=allowed");
        var merchant = house.NewMerchant();
        string[] hosts =
        [
            "localhost", "127.0.0.1", "2130706433", "0x7f.1", "0", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1",
            "169.254.169.254", "[fd00:ec2::254]",
        ];
        foreach (var host in hosts)
            await merchant.EndpointAsync(new Uri($"http://{host}:8080/"));

        await merchant.PublishAsync();

        var page = await Eventually.GetAsync(
            () => merchant.GetAsync("/v1/webhook-deliveries"),
            answer => answer.Data.Length == hosts.Length
                && answer.Data.All(one => one.GetProperty("attemptCount").GetInt32() == 1));
        foreach (var delivery in page.Data)
        {
            var attempt = (await merchant.AttemptsAsync(delivery))[0];
            attempt.GetProperty("errorKind").GetString()
                .Should().Be("blocked_address", delivery.GetProperty("url").GetString());
        }
    }

    [Fact]
    public async Task An_allowance_is_not_for_live_endpoints()
    {
        await using var house = await WebhooksHouse.StartAsync();
        var live = house.NewMerchant("live");
        await live.EndpointAsync(new Uri("https://127.0.0.1:8443/"));

        var message = await live.PublishAsync();

        var delivery = await live.DeliveryAsync(message, one => one.GetProperty("attemptCount").GetInt32() == 1);
        (await live.AttemptsAsync(delivery))[0].GetProperty("errorKind").GetString().Should().Be("blocked_address");
    }

    [Fact]
    public async Task The_demo_endpoint_is_there_from_the_start_and_once()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var secret = WebhookSecret.Create();
        var merchantId = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
        await using var house = await WebhooksHouse.StartAsync(
            null, "--Egress:AllowedCidrs:0=127.0.0.0/8", $"--Demo:MerchantId={Id.Format(Id.Merchant, merchantId)}",
            $"--Demo:WebhookUrl={receiver.Url}", $"--Demo:WebhookSecret={secret}");
        await house.StopAsync();
        await house.StartAgainAsync();
        var merchant = house.NewMerchant();
        merchant = merchant with { Identity = merchant.Identity with { MerchantId = merchantId } };

        await merchant.PublishAsync();

        var request = (await receiver.ReceiveAsync(1))[0];
        WebhookSignature.Verify(
            name => request.Headers.GetValueOrDefault(name), request.Body, [secret], TimeProvider.System.GetUtcNow())
            .IsValid.Should().BeTrue();
        (await merchant.GetAsync("/v1/webhook-endpoints")).Data.Should().ContainSingle();
    }
}
