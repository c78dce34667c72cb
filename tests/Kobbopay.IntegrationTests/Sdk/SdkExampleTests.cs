using Kobbopay.Client;
using Kobbopay.IntegrationTests.Whole;
using Kobbopay.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.Sdk;

/// <summary>What docs/sdk.md shows, as a shop would run it, against all services.</summary>
public sealed class SdkExampleTests(WholeKobbopay system) : IClassFixture<WholeKobbopay>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kobbopay-sdk-").FullName;
    private readonly List<string> _told = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_shop_creates_lists_is_refused_and_ships_what_the_feed_says()
    {
        var merchant = await SdkMerchant.OfAsync(system);
        var services = new ServiceCollection();
        SdkExamples.Register(services, system.Http.BaseAddress!.ToString(), merchant.Merchant.TestKey);
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<KobbopayClient>();
        var examples = new SdkExamples(_told.Add);

        var payment = await examples.CreateAsync(client);
        _told.Should().Equal($"Send the payer to {payment.PublicStatusUrl}");
        await examples.CreateOnceAsync(client, SdkMerchant.Order("order-124"), "7");
        _told.Should().HaveCount(1);
        await examples.CreateOnceAsync(client, SdkMerchant.Order("order-124"), "7");
        _told[^1].Should().EndWith(" was there already");
        await examples.ListAsync(client);
        _told[^2..].Should().Equal("order-124 waits for 10.5 USDT", "order-123 waits for 10.5 USDT");

        await SdkExamples.PlayAsync(client, payment);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var follow = examples.FollowAsync(client, Path.Combine(_folder, "cursor"), stop.Token);
        await Eventually.TrueAsync(() => _told.ToArray()[^1] == "ship order-123");
        await stop.CancelAsync();
        await follow.Awaiting(f => f).Should().ThrowAsync<OperationCanceledException>();

        await examples.RefusedAsync(client, SdkMerchant.Order("order-123"));
        _told[^1].Should().Be($"paid already by {payment.PaymentId}");
        var invalid = () => examples.RefusedAsync(client, SdkMerchant.Order("order-125", "1.2345678"));
        await invalid.Should().ThrowAsync<KobbopayProblemException>();
        _told[^1].Should().StartWith("too_many_decimals at /amount: ");
    }

    [Fact]
    public async Task A_client_of_ones_own_makes_an_endpoint()
    {
        var merchant = await SdkMerchant.OfAsync(system);
        var client = SdkExamples.Make(system.Http, system.Http.BaseAddress!.ToString(), merchant.Merchant.TestKey);
        await using var receiver = await WebhookReceiver.StartAsync();

        var secret = await SdkExamples.EndpointAsync(client, receiver.Url.ToString());
        await client.Payments.CreateAsync(SdkMerchant.Order("order-1"), cancellationToken: Token);

        var request = (await receiver.ReceiveAsync(1))[0];
        WebhookSignature.Verify(
            name => request.Headers.GetValueOrDefault(name), request.Body, [secret], request.ReceivedAt)
            .IsValid.Should().BeTrue();
    }
}
