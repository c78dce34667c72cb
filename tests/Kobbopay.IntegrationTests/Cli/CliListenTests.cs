using System.Text.Json;
using Kobbopay.Client;
using Kobbopay.IntegrationTests.Sdk;
using Kobbopay.IntegrationTests.Whole;
using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Cli;

/// <summary>Events at a receiver of this machine, through <c>kobbo listen</c>, against all services.</summary>
public sealed class CliListenTests(WholeKobbopay system) : IClassFixture<WholeKobbopay>, IAsyncLifetime
{
    private readonly KobboTool _kobbo = new();
    private WebhookReceiver _receiver = null!;
    private KobbopayClient _client = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Secret => File.ReadAllText(SecretFile).Trim();

    private string SecretFile =>
        Directory.GetFiles(Path.Combine(_kobbo.Home, "kobbo", "listen"), "webhook-secret", SearchOption.AllDirectories)
            .Single();

    public async ValueTask InitializeAsync()
    {
        _receiver = await WebhookReceiver.StartAsync();
        var merchant = await system.AddMerchantAsync();
        _client = SdkMerchant.ClientOf(system, merchant.TestKey);
        (await _kobbo.RunWithAsync(
            merchant.TestKey, "login", "--url", system.Http.BaseAddress!.ToString(), "--key-stdin")).Should(0);
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        _kobbo.Dispose();
    }

    [Fact]
    public async Task Events_arrive_as_webhooks_do_and_those_of_the_time_when_nobody_listened_too()
    {
        await using var endpoint = await WebhookReceiver.StartAsync();
        await SdkExamples.EndpointAsync(_client, endpoint.Url.ToString());
        await CreateAsync("before");
        await using (var listen = await ListenAsync())
        {
            await CreateAsync("order-1");
            await _receiver.ReceiveAsync(1);
            listen.Error.Should().Contain(SecretFile).And.NotContain(Secret);
            (await listen.InterruptAsync()).Should().Be(130);
            listen.Error.Should().Contain("Stopped.");
        }

        File.GetUnixFileMode(SecretFile).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await CreateAsync("order-2");
        await CreateAsync("order-3");
        await using var again = await ListenAsync("--json");
        var received = await _receiver.ReceiveAsync(3);

        received.Select(one => one.Json.GetProperty("orderId").GetString())
            .Should().Equal("order-1", "order-2", "order-3");
        received.Should().OnlyContain(one => one.Verify(Secret).Values.All(verdict => verdict == WebhookVerdict.Valid));
        var sent = await endpoint.ReceiveAsync(4);
        foreach (var one in received)
        {
            var real = sent.Single(other => other.EventId == one.EventId);
            one.Body.Should().Equal(real.Body);
            Names(one).Should().BeEquivalentTo(Names(real));
            one.Headers["Content-Type"].Should().Be(real.Headers["Content-Type"]);
            one.Headers["User-Agent"].Should().Be(real.Headers["User-Agent"]);
            one.Headers[WebhookHeaders.DeliveryId].Should().MatchRegex("^dlv_[0-9a-hjkmnp-tv-z]{26}$");
        }

        received.Select(one => one.Headers[WebhookHeaders.DeliveryId]).Should().OnlyHaveUniqueItems();
        var line = JsonElement.Parse((await Eventually.SeeAsync(() => again.Lines, lines => lines.Count == 2))[0]);
        (line.GetProperty("outcome").GetString(), line.GetProperty("status").GetInt32(), line.GetProperty("sequence")
            .GetInt64()).Should().Be(("delivered", 200, 3));
    }

    [Fact]
    public async Task Resends_reach_a_running_listen_the_next_one_and_a_url()
    {
        await using (var listen = await ListenAsync())
        {
            await CreateAsync("order-1");
            var first = (await _receiver.ReceiveAsync(1))[0];
            // No endpoint has it, but this terminal.
            (await _kobbo.RunAsync("events", "resend", first.EventId)).Should(0)
                .Output.Should().Contain("kobbo listen");
            (await _receiver.ReceiveAsync(2))[1].Body.Should().Equal(first.Body);
            await Eventually.TrueAsync(() => listen.Lines.Any(one => one.Contains(" resend delivered: 200")));
            (await _kobbo.RunAsync("listen", "--forward-to", _receiver.Url.ToString())).Should(1)
                .Error.Should().Contain("runs here already").And.Contain("Next: ");
            await listen.InterruptAsync();
        }

        var id = _receiver.Requests[0].EventId;
        (await _kobbo.RunAsync("events", "resend", id)).Should(1).Error.Should().Contain("--forward-to URL");
        (await _kobbo.RunAsync("events", "resend", id, "--listen")).Should(0).Error.Should().Contain("the next one");
        await using var next = await ListenAsync();
        await _receiver.ReceiveAsync(3);
        (await _kobbo.RunAsync("events", "resend", id, "--forward-to", _receiver.Url.ToString(), "--json")).Should(0)
            .Json.GetProperty("resend").GetBoolean().Should().BeTrue();
        var all = await _receiver.ReceiveAsync(4);
        all.Should().OnlyContain(one => one.EventId == id && one.Verify(Secret).Values.All(
            verdict => verdict == WebhookVerdict.Valid));
        (await _kobbo.RunAsync("events", "resend", "evt_00000000000000000000000000", "--listen")).Should(1)
            .Error.Should().Contain("not_found");
    }

    [Fact]
    public async Task A_receiver_that_fails_is_tried_again_and_waited_for_or_gone_past()
    {
        await using (var listen = await ListenAsync("--skip-failed"))
        {
            _receiver.Answers(
                WebhookAnswer.Of(500), WebhookAnswer.Closed, WebhookAnswer.Of(302), WebhookAnswer.Of(500));
            await CreateAsync("order-1");
            await CreateAsync("order-2");
            (await _receiver.ReceiveAsync(5))[4].Json.GetProperty("orderId").GetString().Should().Be("order-2");
            await Eventually.TrueAsync(() => listen.Lines.Count == 5);
            listen.Lines[0].Should().Contain("retrying: 500");
            listen.Lines[3].Should().Contain("skipped: 500");
            await listen.InterruptAsync();
            listen.Error.Should().Contain("Next").And.Contain("kobbo events resend evt_");
        }

        await using var waiting = await ListenAsync("--events", "payment.canceled", "payment.created");
        _receiver.Answers(Enumerable.Repeat(WebhookAnswer.Of(503), 4));
        var payment = await CreateAsync("order-3");
        await _client.Payments.CancelAsync(payment.PaymentId, cancellationToken: Token);
        await Eventually.TrueAsync(() => waiting.Lines.Count == 4);
        // What is said comes through a pipe of its own, and may come later than the lines.
        await Eventually.SeeAsync(() => waiting.Error, told => told.Contains("all later events wait"));
        var received = await _receiver.ReceiveAsync(11, TimeSpan.FromSeconds(30));
        received.Skip(5).Select(one => one.Type).Should().Equal(
            [.. Enumerable.Repeat("payment.created", 5), "payment.canceled"]);
    }

    [Fact]
    public async Task The_beginning_a_place_and_a_secret_of_ones_own_are_taken()
    {
        await CreateAsync("order-1");
        await CreateAsync("order-2");
        var secret = WebhookSecret.Create();
        var file = Path.Combine(_kobbo.Home, "secret");
        await File.WriteAllTextAsync(file, secret + "\n", Token);

        await using (var listen = await ListenAsync("--from", "beginning", "--secret-file", file))
        {
            await _receiver.ReceiveAsync(2);
            listen.Error.Should().Contain($"others may read {file}").And.NotContain(secret);
            await listen.InterruptAsync();
        }

        _kobbo.Set("KOBBOPAY_WEBHOOK_SECRET", secret);
        await using var second = await ListenAsync("--from", "2");
        var all = await _receiver.ReceiveAsync(3);
        all.Select(one => one.Json.GetProperty("orderId").GetString()).Should().Equal("order-1", "order-2", "order-2");
        all.Should().OnlyContain(one => one.Verify(secret).Values.All(verdict => verdict == WebhookVerdict.Valid));
    }

    [Fact]
    public async Task A_receiver_that_is_not_there_is_told()
    {
        var created = await CreateAsync("order-1");
        var nowhere = $"localhost:{LoopbackPorts.Free(1)[0]}";
        // The event gets its place in the feed a moment after the answer.
        var feed = await Eventually.GetAsync(
            () => _client.Events.ReadAsync(cancellationToken: Token), page => page.Data.Count == 1);
        var id = feed.Data[0].Id;

        var end = (await _kobbo.RunAsync("events", "resend", id, "--forward-to", nowhere)).Should(1);

        end.Error.Should().Contain($"http://{nowhere}/ has not taken {id}").And.Contain("Next: ");
        end.Output.Should().Contain("refused").And.Contain(" failed: ");
        (await _kobbo.RunAsync("events", "list", "--json")).Should(0).Json.GetProperty("data")[0]
            .GetProperty("payment_id").GetString().Should().Be(created.PaymentId);
    }

    private static IEnumerable<string> Names(ReceivedWebhook one) =>
        one.Headers.Keys.Select(name => name.ToLowerInvariant());

    private async Task<Payment> CreateAsync(string order) =>
        await _client.Payments.CreateAsync(SdkMerchant.Order(order), cancellationToken: Token);

    private async Task<RunningKobbo> ListenAsync(params string[] options)
    {
        var listen = _kobbo.Start(["listen", "--forward-to", _receiver.Url.ToString(), .. options]);
        await Eventually.TrueAsync(() => listen.Error.Contains("Listening "));
        return listen;
    }
}
