using System.Text;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>
/// Endpoints that answer with anything but HTTP as it should be. Whatever they do, the event stays one delivery with
/// every attempt on record, and arrives with the same bytes as soon as they behave.
/// </summary>
public sealed class HostileReceiverTests : IAsyncLifetime
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private const int BodyLimit = 16 * 1024;

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private WebhooksHouse _house = null!;

    public async ValueTask InitializeAsync() => _house = await WebhooksHouse.StartAsync(_clock);

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    public static TheoryData<string, string?, string> Answers => new()
    {
        { "", null, "connection_lost" },
        { "HTTP/1.1 200 OK\r\nContent-Le", null, "connection_lost" },
        { "HTTP/1.1 100 Continue\r\n\r\n", null, "connection_lost" },
        { "this is not HTTP\r\n\r\n", null, "invalid_answer" },
        { "\0\x01\x02\xff\xfe\r\n\r\n", null, "invalid_answer" },
        { "HTTP/1.1 abc OK\r\n\r\n", null, "invalid_answer" },
        { "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", null, "invalid_answer" },
        { $"HTTP/1.1 200 OK\r\nX-Long: {new string('x', 20_000)}\r\n\r\n", null, "answer_too_large" },
        { "HTTP/1.1 304 Not Modified\r\n\r\n", "304", "http_status" },
        { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", "101", "http_status" },
        { "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n", "401", "http_status" },
        { "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", "407", "http_status" },
        { "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", "999", "http_status" },
        { "HTTP/1.1 500 Oh\r\nContent-Length: 900\r\n\r\ncut here", "500", "http_status" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task What_is_no_success_is_recorded_for_what_it_is_and_tried_again(
        string answer, string? status, string kind)
    {
        await using var receiver = RawReceiver.Start(RawReceiver.Text(answer));
        var (merchant, message) = await CauseEventAsync(receiver.Url);

        var failed = await merchant.DeliveryAsync(message, HasMade(1));

        Summary((await merchant.AttemptsAsync(failed))[0]).Should().Be($"1 failed {status} {kind}");
        receiver.Answer = RawReceiver.Text(Ok);
        await TryAgainAsync(merchant, message, attempts: 2);
        await AllIsOnRecordAsync(merchant, message, receiver.Requests, attempts: 2);
    }

    [Theory]
    [InlineData("HTTP/1.0 200 OK\r\n\r\ntill it ends", "till it ends", false)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", "", false)]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", "", false)]
    [InlineData("HTTP/1.1 205 Reset\r\n\r\n", "", false)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 Taken\r\n\r\n", "", false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\ncut here", "cut here", true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n", "", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nas it came", "as it came", false)]
    public async Task A_2xx_has_decided_whatever_the_body_does(string answer, string body, bool truncated)
    {
        await using var receiver = RawReceiver.Start(RawReceiver.Text(answer));
        var (merchant, message) = await CauseEventAsync(receiver.Url);

        var done = await merchant.DeliveryAsync(message, Is("succeeded"));

        var attempt = (await merchant.AttemptsAsync(done))[0];
        attempt.GetProperty("responseBody").GetString().Should().Be(body);
        attempt.GetProperty("responseTruncated").GetBoolean().Should().Be(truncated);
        await AllIsOnRecordAsync(merchant, message, receiver.Requests, attempts: 1);
    }

    [Fact]
    public async Task An_endpoint_that_fails_again_and_again_gets_the_same_bytes_until_it_takes_them()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answers(Enumerable.Repeat(WebhookAnswer.Of(500), 4));
        var (merchant, message) = await CauseEventAsync(receiver.Url);

        for (var made = 1; made <= 4; made++)
        {
            await merchant.DeliveryAsync(message, HasMade(made));
            Advance(TimeSpan.FromMinutes(12.1));
        }

        await merchant.DeliveryAsync(message, Is("succeeded"));
        await AllIsOnRecordAsync(merchant, message, receiver.Requests, attempts: 5);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", "x")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", "x")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "400\r\n<x>\r\n")]
    public async Task A_body_without_end_is_cut_and_its_connection_closed(string head, string then)
    {
        var piece = then.Replace("<x>", new string('x', 1024), StringComparison.Ordinal);
        await using var receiver = RawReceiver.Start(
            RawReceiver.Endless(head, piece.Length > 1 ? piece : new string('x', 1024)));
        var (merchant, message) = await CauseEventAsync(receiver.Url);

        var done = await merchant.DeliveryAsync(message, Is("succeeded"));

        var attempt = (await merchant.AttemptsAsync(done))[0];
        attempt.GetProperty("responseBody").GetString().Should().Be(new string('x', BodyLimit));
        attempt.GetProperty("responseTruncated").GetBoolean().Should().BeTrue();
        await receiver.AllClosedAsync();
        await merchant.DeliveryAsync(await merchant.PublishAsync(), Is("succeeded"));
        receiver.Connections.Should().Be(2);
        await AllIsOnRecordAsync(merchant, message, receiver.Requests.Take(1), attempts: 1);
    }

    [Theory]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n")]
    [InlineData("HTTP/1.1 102 Processing\r\nX-Long: 0123456789012345678901234567890123456789\r\n\r\n")]
    public async Task Interim_answers_without_end_are_cut(string interim)
    {
        await using var receiver = RawReceiver.Start(RawReceiver.Endless("", interim));
        var (merchant, message) = await CauseEventAsync(receiver.Url);

        // The clock stands still: it is their size that ends them.
        var failed = await merchant.DeliveryAsync(message, HasMade(1));

        Summary((await merchant.AttemptsAsync(failed))[0]).Should().Be("1 failed  answer_too_large");
        await receiver.AllClosedAsync();
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("HTTP/1.1 200 OK\r\nX-Slow: ", false)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", true)]
    public async Task An_answer_that_trickles_is_cut_after_15_seconds_in_all(string first, bool succeeds)
    {
        await using var receiver = RawReceiver.Start(
            RawReceiver.Endless(first, "a", TimeSpan.FromMilliseconds(20)));
        var (merchant, message) = await CauseEventAsync(receiver.Url);
        await receiver.ReceiveAsync(1);
        Advance(TimeSpan.FromSeconds(14.9));
        (await _house.QueryAsync<long>("select count(*) from attempts")).Should().Be(0);

        Advance(TimeSpan.FromSeconds(0.2));

        var ended = await merchant.DeliveryAsync(message, HasMade(1));
        var attempt = (await merchant.AttemptsAsync(ended))[0];
        Summary(attempt).Should().Be(succeeds ? "1 succeeded 200 " : "1 failed  timeout");
        attempt.GetProperty("latencyMs").GetInt32().Should().Be(15_100);
        attempt.GetProperty("responseTruncated").GetBoolean().Should().Be(succeeds);
        await receiver.AllClosedAsync();
        receiver.Answer = RawReceiver.Text(Ok);
        await TryAgainAsync(merchant, message, succeeds ? 1 : 2);
        await AllIsOnRecordAsync(merchant, message, receiver.Requests, succeeds ? 1 : 2);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_inside_is_refused_and_its_target_never_hears_of_it(int status)
    {
        await using var target = RawReceiver.Start(RawReceiver.Text(Ok));
        await using var receiver = RawReceiver.Start(RawReceiver.Text(
            $"HTTP/1.1 {status} Moved\r\nLocation: {target.Url}\r\nContent-Length: 0\r\n\r\n"));
        var (merchant, message) = await CauseEventAsync(receiver.Url);

        var failed = await merchant.DeliveryAsync(message, HasMade(1));

        Summary((await merchant.AttemptsAsync(failed))[0]).Should().Be($"1 failed {status} redirect_refused");
        target.Connections.Should().Be(0);
        await AllIsOnRecordAsync(merchant, message, receiver.Requests, attempts: 1);
    }

    [Fact]
    public async Task Headers_that_may_carry_a_credential_are_not_kept()
    {
        await using var receiver = RawReceiver.Start(RawReceiver.Text(
            "HTTP/1.1 401 No\r\nSet-Cookie: sid=hush\r\nWWW-Authenticate: Bearer hush\r\nX-Api-Key: hush\r\n"
            + "x-csrf-TOKEN: hush\r\nAuthorization: hush\r\nProxy-Support: hush\r\nX-Client-Secret: hush\r\n"
            + "Server: a shop\r\nContent-Length: 0\r\n\r\n"));
        var (merchant, message) = await CauseEventAsync(receiver.Url);

        var failed = await merchant.DeliveryAsync(message, HasMade(1));

        var headers = (await merchant.AttemptsAsync(failed))[0].GetProperty("responseHeaders")
            .Deserialize<Dictionary<string, string>>()!;
        headers["Server"].Should().Be("a shop");
        headers.Where(header => header.Value == "[redacted]").Select(header => header.Key).Should().BeEquivalentTo(
            "Set-Cookie", "WWW-Authenticate", "X-Api-Key", "x-csrf-TOKEN", "Authorization", "Proxy-Support",
            "X-Client-Secret");
        (await _house.QueryAsync<string>("select answer_headers from attempts")).Should().NotContain("hush");
    }

    [Theory]
    [InlineData("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", "exhausted", "gone")]
    [InlineData("HTTP/1.1 200 OK\r\nWebhook-Delivery: Disable\r\nContent-Length: 0\r\n\r\n", "succeeded", "asked")]
    [InlineData("HTTP/1.1 500 Oh\r\nwebhook-delivery: disable\r\nContent-Length: 0\r\n\r\n", "exhausted", "asked")]
    public async Task An_answer_may_ask_never_to_be_sent_anything_again(string answer, string status, string reason)
    {
        await using var receiver = RawReceiver.Start(RawReceiver.Text(answer));
        var (merchant, message) = await CauseEventAsync(receiver.Url);

        await merchant.DeliveryAsync(message, Is(status));

        var endpoint = (await Eventually.GetAsync(
            () => merchant.GetAsync("/v1/webhook-endpoints"),
            page => page.Data[0].GetProperty("status").GetString() == "disabled")).Data[0];
        endpoint.GetProperty("disabledReason").GetString().Should().Be(reason);
        await AllIsOnRecordAsync(merchant, message, receiver.Requests, attempts: 1);
    }

    [Fact]
    public async Task Nobody_at_the_port_is_a_refused_connection()
    {
        Uri url;
        await using (var gone = RawReceiver.Start(RawReceiver.Text(Ok)))
            url = gone.Url;
        var (merchant, message) = await CauseEventAsync(url);

        var failed = await merchant.DeliveryAsync(message, HasMade(1));

        var attempt = (await merchant.AttemptsAsync(failed))[0];
        Summary(attempt).Should().Be("1 failed  connection_refused");
        foreach (var part in new[] { "connectMs", "tlsMs", "firstByteMs" })
            attempt.GetProperty(part).ValueKind.Should().Be(JsonValueKind.Null);
        await AllIsOnRecordAsync(merchant, message, [], attempts: 1);
    }

    [Fact]
    public async Task A_name_without_an_address_is_a_failure_of_dns()
    {
        var (merchant, message) = await CauseEventAsync(new Uri("http://nobody.invalid/hooks"));

        var failed = await merchant.DeliveryAsync(message, HasMade(1));

        Summary((await merchant.AttemptsAsync(failed))[0]).Should().Be("1 failed  dns_failed");
        await AllIsOnRecordAsync(merchant, message, [], attempts: 1);
    }

    private async Task<(TestMerchant Merchant, PaymentChanged Message)> CauseEventAsync(Uri url)
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(url);
        return (merchant, await merchant.PublishAsync());
    }

    /// <summary>Until the receiver, which behaves by now, has taken the event.</summary>
    private async Task TryAgainAsync(TestMerchant merchant, PaymentChanged message, int attempts)
    {
        Advance(TimeSpan.FromSeconds(61));
        await merchant.DeliveryAsync(message, one => Is("succeeded")(one) && HasMade(attempts)(one));
    }

    /// <summary>One row for the event, each attempt in the log, and the same bytes in every request.</summary>
    private async Task AllIsOnRecordAsync(
        TestMerchant merchant, PaymentChanged message, IEnumerable<ReceivedWebhook> requests, int attempts)
    {
        (await _house.QueryAsync<long>($"select count(*) from deliveries where event_id = '{message.EventId}'"))
            .Should().Be(1);
        var delivery = await merchant.DeliveryAsync(message, HasMade(attempts));
        (await merchant.AttemptsAsync(delivery)).Select(one => one.GetProperty("number").GetInt32())
            .Should().Equal(Enumerable.Range(1, attempts).Reverse());
        foreach (var request in requests)
        {
            Encoding.UTF8.GetString(request.Body).Should().Be(Encoding.UTF8.GetString(message.Body));
            request.Headers["webhook-id"].Should().Be(Id.Format(Id.Event, message.EventId));
            request.Headers["X-Kobbopay-Delivery-Id"].Should().Be(delivery.GetProperty("id").GetString());
        }
    }

    private void Advance(TimeSpan time)
    {
        _clock.Advance(time);
        _house.WakeWorker();
    }

    private static Func<JsonElement, bool> HasMade(int attempts) => delivery =>
        delivery.GetProperty("attemptCount").GetInt32() == attempts;

    private static Func<JsonElement, bool> Is(string status) => delivery =>
        delivery.GetProperty("status").GetString() == status;

    private static string Summary(JsonElement attempt) =>
        $"{attempt.GetProperty("number")} {attempt.GetProperty("outcome")} "
        + $"{attempt.GetProperty("statusCode")} {attempt.GetProperty("errorKind")}";
}
