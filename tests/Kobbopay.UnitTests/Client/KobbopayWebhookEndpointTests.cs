using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Kobbopay.Client;
using Kobbopay.Client.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.UnitTests.Client;

/// <summary>The endpoint helper in a real server, spoken to over HTTP.</summary>
public sealed class KobbopayWebhookEndpointTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] Paid = Encoding.UTF8.GetBytes(KobbopayEventTests.Paid);

    private readonly string _old = WebhookSecret.Create();
    private readonly string _new = WebhookSecret.Create();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private readonly ConcurrentQueue<KobbopayEvent> _taken = new();
    private readonly TaskCompletionSource _started = new();
    private readonly TaskCompletionSource _canceled = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private volatile string[] _secrets = [];
    private volatile Exception? _failure;
    private WebApplication _app = null!;

    public async ValueTask InitializeAsync()
    {
        _secrets = [_old];
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddScoped<Scoped>();
        _app = builder.Build();
        _app.MapKobbopayWebhook("/webhooks", () => _secrets, (webhook, _) =>
        {
            _taken.Enqueue(webhook);
            return _failure is null ? Task.CompletedTask : Task.FromException(_failure);
        });
        _app.MapKobbopayWebhook("/scoped", () => _secrets, (webhook, services, _) =>
        {
            services.GetRequiredService<Scoped>().Seen(webhook);
            _taken.Enqueue(webhook);
            return Task.CompletedTask;
        });
        _app.MapKobbopayWebhook("/slow", () => _secrets, async (_, cancellation) =>
        {
            _started.SetResult();
            await using var registration = cancellation.Register(_canceled.SetResult);
            await _canceled.Task;
            cancellation.ThrowIfCancellationRequested();
        });
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _http.BaseAddress = new Uri(_app.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("/webhooks")]
    [InlineData("/scoped")]
    public async Task A_signed_event_reaches_the_handler_typed_with_its_exact_bytes(string path)
    {
        var (status, problem) = await SendAsync(path, Paid, Sign(Paid, _old));

        (status, problem).Should().Be((204, null));
        var taken = _taken.Should().ContainSingle().Subject;
        (taken.Id, taken.PaymentId, taken.Status).Should().Be(("evt_1", "pay_1", "Paid"));
        taken.Body.ToArray().Should().Equal(Paid);
    }

    [Fact]
    public async Task A_rotation_needs_no_restart()
    {
        (await SendAsync("/webhooks", Paid, Sign(Paid, _new))).Status.Should().Be(401);
        _secrets = [_old, _new];
        (await SendAsync("/webhooks", Paid, Sign(Paid, _new))).Status.Should().Be(204);
        (await SendAsync("/webhooks", Paid, Sign(Paid, _old))).Status.Should().Be(204);
        _secrets = [_new];
        (await SendAsync("/webhooks", Paid, Sign(Paid, _old))).Status.Should().Be(401);
    }

    [Fact]
    public async Task What_is_not_signed_by_a_secret_or_not_now_is_401_with_its_cause_and_never_handled()
    {
        var stranger = await SendAsync("/webhooks", Paid, Sign(Paid, WebhookSecret.Create()));
        byte[] changed = [.. Paid, (byte)'\n'];
        var other = await SendAsync("/webhooks", changed, Sign(Paid, _old));
        var signed = Sign(Paid, _old);
        _clock.Advance(TimeSpan.FromSeconds(301));
        var stale = await SendAsync("/webhooks", Paid, signed);

        (stranger.Status, stranger.Problem).Should().Be((401,
            "The header webhook-signature matches none of the secrets: another endpoint's secret, or not the raw body."
        ));
        (other.Status, other.Problem).Should().Be((stranger.Status, stranger.Problem));
        stale.Should().Be((401, "The header webhook-timestamp is 301 s old; 300 s are allowed."));
        _taken.Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_not_a_signed_event_is_400_with_its_cause_and_never_handled()
    {
        var bodyOnly = Sign(Paid, _old).Where(header => header.Key == WebhookHeaders.BodySignature);
        var odd = Encoding.UTF8.GetBytes("{}");

        (await SendAsync("/webhooks", Paid, bodyOnly))
            .Should().Be((400, "The header webhook-signature is missing."));
        (await SendAsync("/webhooks", [], Sign(Paid, _old)))
            .Should().Be((400, "The body does not begin with {, as every signed body does."));
        (await SendAsync("/webhooks", odd, Sign(odd, _old)))
            .Should().Be((400, "The body is signed, and is no event."));
        _taken.Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_the_limit_is_413_also_when_it_does_not_tell_its_length(bool chunked)
    {
        var largest = new byte[KobbopayWebhookEndpoint.LargestBody];
        Array.Fill(largest, (byte)' ');
        Paid.CopyTo(largest, 0);
        byte[] longer = [.. largest, (byte)' '];

        (await SendAsync("/webhooks", largest, Sign(largest, _old), chunked)).Status.Should().Be(204);
        (await SendAsync("/webhooks", longer, Sign(longer, _old), chunked))
            .Should().Be((413, "The body is longer than 131072 bytes."));
        _taken.Should().ContainSingle();
    }

    [Fact]
    public async Task A_handler_that_fails_is_a_500_that_tells_nothing_so_that_the_event_comes_again()
    {
        _failure = new InvalidOperationException("the password is hunter2");

        var (status, problem) = await SendAsync("/webhooks", Paid, Sign(Paid, _old));

        (status, problem).Should().Be((500, "The event has not been taken; send it again."));
        _failure = null;
        (await SendAsync("/webhooks", Paid, Sign(Paid, _old))).Status.Should().Be(204);
    }

    [Theory]
    [InlineData()]
    [InlineData("")]
    [InlineData("whsec_typo")]
    public async Task Without_a_usable_secret_nothing_is_lost_and_nothing_is_taken(params string[] secrets)
    {
        _secrets = secrets;

        (await SendAsync("/webhooks", Paid, Sign(Paid, _old))).Status.Should().Be(500);
        _taken.Should().BeEmpty();
    }

    [Fact]
    public async Task A_sender_that_stops_waiting_cancels_the_handler()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var sending = SendAsync("/slow", Paid, Sign(Paid, _old), chunked: false, patience.Token);
        await _started.Task.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);

        await patience.CancelAsync();

        await _canceled.Task.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        var answer = async () => await sending;
        await answer.Should().ThrowAsync<OperationCanceledException>();
    }

    private IReadOnlyList<KeyValuePair<string, string>> Sign(byte[] body, string secret) =>
        WebhookSignature.Sign("evt_1", _clock.GetUtcNow(), body, secret);

    private async Task<(int Status, string? Problem)> SendAsync(
        string path,
        byte[] body,
        IEnumerable<KeyValuePair<string, string>> headers,
        bool chunked = false,
        CancellationToken? cancellation = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TransferEncodingChunked = chunked;
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value).Should().BeTrue();
        using var response = await _http.SendAsync(request, cancellation ?? TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (text.Length == 0)
            return ((int)response.StatusCode, null);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        return ((int)response.StatusCode, JsonElement.Parse(text).GetProperty("detail").GetString());
    }

    private sealed class Scoped
    {
        public void Seen(KobbopayEvent webhook) => webhook.Id.Should().Be("evt_1");
    }
}
