using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Testing;
using Kobbopay.Webhooks.Deliveries;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

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

    /// <summary>No system connects to a network's broadcast address.</summary>
    [Fact]
    public async Task An_address_without_a_way_to_it_is_unreachable()
    {
        await using var house = await WebhooksHouse.StartAsync();
        var merchant = house.NewMerchant();
        await merchant.EndpointAsync(new Uri("http://127.255.255.255:8080/"));

        var message = await merchant.PublishAsync();

        var delivery = await merchant.DeliveryAsync(message, one => one.GetProperty("attemptCount").GetInt32() == 1);
        (await merchant.AttemptsAsync(delivery))[0].GetProperty("errorKind").GetString().Should().Be("unreachable");
    }

    [Fact]
    public async Task A_name_is_resolved_once_and_only_what_was_checked_is_connected_to()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var inside = IPAddress.Parse("10.0.0.1");
        var outside = IPAddress.Loopback;
        // A public address first, and one inside as soon as anybody asks again.
        var answers = new Queue<IPAddress[]>([[outside], [inside], [outside, inside]]);
        var asked = new List<string>();
        var guard = Guard(host =>
        {
            asked.Add(host);
            return answers.Dequeue();
        });
        var target = new DnsEndPoint("rebinding.example", receiver.Url.Port);

        await using (var stream = await guard.ConnectAsync(target, "test", TestContext.Current.CancellationToken))
        {
            stream.Should().BeOfType<NetworkStream>().Which.Socket.RemoteEndPoint.As<IPEndPoint>()
                .Address.MapToIPv4().Should().Be(outside);
        }

        asked.Should().Equal("rebinding.example");
        for (var again = 0; again < 2; again++)
        {
            await FluentActions
                .Awaiting(() => guard.ConnectAsync(target, "test", TestContext.Current.CancellationToken).AsTask())
                .Should().ThrowAsync<BlockedAddressException>();
        }
    }

    [Fact]
    public async Task When_the_first_address_of_a_name_refuses_the_next_one_is_tried()
    {
        await using var receiver = await WebhookReceiver.StartAsync("127.0.0.3");
        var guard = Guard(_ => [IPAddress.Parse("127.0.0.2"), IPAddress.Parse("127.0.0.3")]);

        await using var stream = await guard.ConnectAsync(
            new DnsEndPoint("two.example", receiver.Url.Port), "test", TestContext.Current.CancellationToken);

        stream.Should().BeOfType<NetworkStream>().Which.Socket.RemoteEndPoint.As<IPEndPoint>()
            .Address.MapToIPv4().ToString().Should().Be("127.0.0.3");
    }

    [Theory]
    [InlineData("http://example.com/hooks", "live")]
    [InlineData("https://user:pw@example.com/hooks", "test")]
    [InlineData("https://example.com:5432/hooks", "test")]
    [InlineData("https://example.com/hooks#part", "test")]
    [InlineData("not a URL", "test")]
    public async Task An_endpoint_of_earlier_rules_gets_nothing_that_todays_rules_refuse(string url, string environment)
    {
        await using var house = await WebhooksHouse.StartAsync();
        var merchant = house.NewMerchant(environment);
        await merchant.EndpointAsync(new Uri("https://example.com/hooks"));
        await using (var earlier = house.Sql.CreateCommand("update webhook_endpoints set url = $1"))
        {
            earlier.Parameters.Add(new() { Value = url });
            await earlier.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var message = await merchant.PublishAsync();

        var delivery = await merchant.DeliveryAsync(message, one => one.GetProperty("attemptCount").GetInt32() == 1);
        var attempt = (await merchant.AttemptsAsync(delivery))[0];
        attempt.GetProperty("errorKind").GetString().Should().Be("url_refused");
        attempt.GetProperty("statusCode").ValueKind.Should().Be(JsonValueKind.Null);
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

    /// <summary>Allows loopback, and resolves names as told.</summary>
    private static EgressGuard Guard(Func<string, IPAddress[]> resolve) => new(
        new ConfigurationBuilder().AddInMemoryCollection([new("Egress:AllowedCidrs:0", "127.0.0.0/8")]).Build(),
        Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = "Development" })
            .Environment,
        (host, _) => Task.FromResult(resolve(host)));
}
