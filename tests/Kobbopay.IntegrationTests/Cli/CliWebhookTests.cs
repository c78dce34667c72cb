using Kobbopay.Client;
using Kobbopay.IntegrationTests.Sdk;
using Kobbopay.IntegrationTests.Webhooks;
using Kobbopay.IntegrationTests.Whole;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Cli;

/// <summary>Endpoints, signatures, deliveries and certification by the tool, against all services.</summary>
public sealed class CliWebhookTests(WholeKobbopay system) : IClassFixture<WholeKobbopay>, IAsyncLifetime
{
    private readonly KobboTool _kobbo = new();
    private WebhookReceiver _receiver = null!;
    private KobbopayClient _client = null!;
    private string _secret = string.Empty;
    private string _endpoint = string.Empty;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _receiver = await WebhookReceiver.StartAsync();
        var merchant = await system.AddMerchantAsync();
        _client = SdkMerchant.ClientOf(system, merchant.TestKey);
        var endpoint = await _client.WebhookEndpoints.CreateAsync(
            new CreateWebhookEndpointRequest { Url = _receiver.Url.ToString(), Events = ["*"], BodySignature = false },
            cancellationToken: Token);
        (_endpoint, _secret) = (endpoint.Value.Id, endpoint.Value.Secret!);
        _kobbo.Set("KOBBOPAY_URL", system.Http.BaseAddress!.ToString());
        _kobbo.Set("KOBBOPAY_API_KEY", merchant.TestKey);
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        _kobbo.Dispose();
    }

    [Fact]
    public async Task An_endpoint_is_listed_and_tried()
    {
        (await _kobbo.RunAsync("webhooks", "list")).Should(0).Output.Should().Contain(_endpoint).And.Contain("enabled");
        (await _kobbo.RunAsync("webhooks", "test", _endpoint, "--json")).Should(0).Json.GetProperty("status")
            .GetString().Should().Be("succeeded");
        (await _receiver.ReceiveAsync(1))[0].Type.Should().Be("webhook.test");

        _receiver.Default = WebhookAnswer.Of(500) with { Body = "no \u001b[31mtoday" };
        var failed = (await _kobbo.RunAsync("webhooks", "test", _endpoint)).Should(1);
        failed.Error.Should().Contain("has not taken it").And.Contain("Next: kobbo deliveries get dlv_");
        var id = failed.Error[failed.Error.IndexOf("dlv_", StringComparison.Ordinal)..][..30];
        // What others wrote does not drive the terminal.
        (await _kobbo.RunAsync("deliveries", "get", id)).Should(0).Output.Should().Contain("failed")
            .And.Contain("500").And.Contain("no  [31mtoday").And.NotContain("\u001b");
        (await _kobbo.RunAsync("deliveries", "get", id, "--json")).Should(0).Json.GetProperty("attempts")
            .GetProperty("data")[0].GetProperty("statusCode").GetInt32().Should().Be(500);
    }

    [Fact]
    public async Task A_delivery_is_found_and_sent_again_by_its_own_id_and_its_events()
    {
        await _client.Payments.CreateAsync(SdkMerchant.Order("order-1"), cancellationToken: Token);
        var first = (await _receiver.ReceiveAsync(1))[0];
        var delivery = first.Headers[WebhookHeaders.DeliveryId];
        await Eventually.TrueAsync(async () => (await _client.WebhookDeliveries.GetAsync(delivery, Token)).Status
            == WebhookDeliveryStatuses.Succeeded);

        (await _kobbo.RunAsync("deliveries", "list", "--event", first.EventId, "--status", "succeeded")).Should(0)
            .Output.Should().Contain(delivery).And.Contain("payment.created");
        (await _kobbo.RunAsync("deliveries", "redeliver", delivery)).Should(0);
        (await _receiver.ReceiveAsync(2))[1].Body.Should().Equal(first.Body);
        var resent = (await _kobbo.RunAsync("events", "resend", first.EventId, "--json")).Should(0);
        resent.Json.GetProperty("deliveries")[0].GetString().Should().Be(delivery);
        (await _receiver.ReceiveAsync(3))[2].EventId.Should().Be(first.EventId);
    }

    [Fact]
    public async Task A_captured_webhook_is_verified_here_and_explained_by_the_server()
    {
        await _client.Payments.CreateAsync(SdkMerchant.Order("order-1"), cancellationToken: Token);
        var request = (await _receiver.ReceiveAsync(1))[0];
        var head = "POST /webhooks HTTP/1.1\r\n" + string.Concat(
            request.Headers.Select(one => $"{one.Key}: {one.Value}\r\n"));
        var body = System.Text.Encoding.UTF8.GetString(request.Body);
        var secret = Write("secret", _secret);

        (await _kobbo.RunWithAsync($"{head}\r\n{body}", "webhooks", "verify", "--secret-file", secret)).Should(0)
            .Output.Should().Contain("webhook-signature").And.Contain("valid").And.NotContain(_secret);
        var apart = (string[])["--headers-file", Write("head", head), "--body-file", Write("body", body + "\n")];
        var changed = (await _kobbo.RunAsync(["webhooks", "verify", "--secret-file", secret, "--json", .. apart]))
            .Should(1);
        changed.Json.GetProperty("valid").GetBoolean().Should().BeFalse();
        changed.Json.GetProperty("signatures")[0].GetProperty("verdict").GetString().Should().Be("signature_mismatch");
        var late = (await _kobbo.RunWithAsync(
            $"{head}\r\n{body}",
            "webhooks", "verify", "--secret-file", secret, "--received-at", "2040-01-01T00:00:00Z")).Should(1);
        late.Error.Should().Contain("300 s are allowed").And.Contain("Next: for an old capture add --received-at");

        var explained = (await _kobbo.RunAsync(["webhooks", "explain", .. apart])).Should(1);
        explained.Output.Should().Contain("trailing_newline").And.Contain(_endpoint);
        explained.Error.Should().Contain("body_reserialized").And.Contain("Next: ");
        (await _kobbo.RunWithAsync(body, "webhooks", "explain", "--headers-file", apart[1], "--endpoint", _endpoint))
            .Should(0).Output.Should().Contain("valid");
    }

    [Fact]
    public async Task A_right_receiver_is_certified_and_a_careless_one_is_told_why_not()
    {
        _receiver.Judge = request => Certifying.Right(request, _secret);
        var passed = (await _kobbo.RunAsync("certify", _endpoint)).Should(0);
        passed.Error.Should().Contain("is certified (crt_");
        passed.Output.Should().Contain("passed").And.NotContain("failed");

        _receiver.Judge = _ => WebhookAnswer.Of(200);
        var failed = (await _kobbo.RunAsync("certify", _endpoint, "--json")).Should(1);
        failed.Json.GetProperty("status").GetString().Should().Be("failed");
        failed.Error.Should().Contain("is not certified").And.Contain("follow the advice");
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_kobbo.Home, name);
        File.WriteAllText(path, text);
        return path;
    }
}
