using Kobbopay.Contracts;
using Kobbopay.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>Streams and long polls, whose key is looked at again every 30 seconds.</summary>
public sealed class LongRequestTests : GatewayHouse
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly CancellationTokenSource _ended = new();

    protected override TimeProvider Clock => _clock;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Payments.Answer = StreamAsync;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _ended.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_stream_goes_on_as_long_as_its_key_is_good()
    {
        await using var stream = await OpenAsync();

        var begun = _clock.GetUtcNow();
        await PassAsync(() => Payments.LookUps.Count == 4);
        (_clock.GetUtcNow() - begun).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(90));

        // Payments away is no verdict on the key.
        Payments.Keys.Clear();
        Payments.Fails = true;
        await PassAsync(() => Payments.LookUps.Count == 6);
        _ended.IsCancellationRequested.Should().BeFalse();
    }

    [Theory]
    [InlineData("revoked")]
    [InlineData("expired")]
    [InlineData("lacks a scope")]
    [InlineData("not from here")]
    public async Task A_stream_ends_with_its_key(string how)
    {
        await using var stream = await OpenAsync();

        var hash = ApiKey.Hash(Key);
        var next = KeyDescription with { Version = 2 };
        if (how == "revoked")
            Payments.Keys.TryRemove(hash, out _);
        else if (how == "expired")
            Payments.Keys[hash] = next with { ExpiresAt = _clock.GetUtcNow().AddSeconds(29) };
        else if (how == "lacks a scope")
            Payments.Keys[hash] = next with { Scopes = ["sandbox"] };
        else
            Payments.Keys[hash] = next with { AllowedIps = ["192.0.2.7"] };

        await PassAsync(() => _ended.IsCancellationRequested);
        await stream
            .Invoking(open => open.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken).AsTask())
            .Should().ThrowAsync<Exception>();
    }

    [Fact]
    public async Task A_long_poll_that_has_not_answered_yet_ends_with_its_key_too()
    {
        Payments.Answer = http => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        var polling = SendAsync("/v1/events?after=1&wait=60");
        await Eventually.TrueAsync(() => !Payments.Received.IsEmpty);

        Payments.Keys.Clear();
        await PassAsync(() => polling.IsCompleted);

        await polling.Invoking(poll => poll).Should().ThrowAsync<HttpRequestException>();
    }

    /// <summary>Lets the gateway's time pass, a second at a time.</summary>
    private Task PassAsync(Func<bool> until) => Eventually.TrueAsync(() =>
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        return until();
    });

    private async Task<Stream> OpenAsync()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events") { Headers = { { "x-api-key", Key } } };
        var answer = await NewClient(Url).SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await stream.ReadExactlyAsync(new byte[2], TestContext.Current.CancellationToken);
        return stream;
    }

    private async Task StreamAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        await http.Response.WriteAsync(":\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        http.RequestAborted.Register(_ended.Cancel);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
