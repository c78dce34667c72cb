using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>Certificates are checked in full, and an attempt's time is told in its parts.</summary>
public sealed class TlsReceiverTests : IAsyncLifetime
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private WebhooksHouse _house = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _house = await WebhooksHouse.StartAsync();

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task The_first_attempt_tells_how_long_each_part_took_and_the_next_one_reuses_its_connection()
    {
        using var certificate = TestAuthority.Issue();
        await using var receiver = RawReceiver.Start(
            async (connection, stop) => await connection.WriteAsync("HTTP/1.1 204 Fine\r\n\r\n"u8.ToArray(), stop),
            Options(certificate));
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(receiver.Url);

        var first = await AttemptAsync(merchant);
        var second = await AttemptAsync(merchant);

        receiver.Connections.Should().Be(1);
        receiver.Requests[0].Headers["Host"].Should().Be(receiver.Url.Authority);
        var parts = new[] { "connectMs", "tlsMs", "firstByteMs" }.Select(name => first.GetProperty(name).GetInt32());
        parts.Should().OnlyContain(part => part >= 0);
        parts.Sum().Should().BeLessThanOrEqualTo(first.GetProperty("latencyMs").GetInt32());
        second.GetProperty("connectMs").ValueKind.Should().Be(JsonValueKind.Null);
        second.GetProperty("tlsMs").ValueKind.Should().Be(JsonValueKind.Null);
        second.GetProperty("firstByteMs").GetInt32().Should().BeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public async Task Without_TLS_there_is_no_time_of_it()
    {
        await using var receiver = RawReceiver.Start(RawReceiver.Text(Ok));
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(receiver.Url);

        var attempt = await AttemptAsync(merchant);

        attempt.GetProperty("connectMs").GetInt32().Should().BeGreaterThanOrEqualTo(0);
        attempt.GetProperty("tlsMs").ValueKind.Should().Be(JsonValueKind.Null);
    }

    public static TheoryData<string> Wrongs => ["self-signed", "expired", "other name", "no TLS"];

    [Theory]
    [MemberData(nameof(Wrongs))]
    public async Task Invalid_TLS_gets_no_request(string wrong)
    {
        using var certificate = wrong switch
        {
            "self-signed" => TestAuthority.SelfSigned(),
            "expired" => TestAuthority.Issue(expired: true),
            "other name" => TestAuthority.Issue(name: "somebody-else.example"),
            _ => TestAuthority.Issue(),
        };
        await using var receiver = RawReceiver.Start(RawReceiver.Text(Ok), Options(certificate));
        await using var plain = await WebhookReceiver.StartAsync();
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(
            wrong == "no TLS" ? new UriBuilder(plain.Url) { Scheme = "https" }.Uri : receiver.Url);

        var attempt = await AttemptAsync(merchant);

        attempt.GetProperty("errorKind").GetString().Should().Be("tls_invalid");
        attempt.GetProperty("connectMs").GetInt32().Should().BeGreaterThanOrEqualTo(0);
        attempt.GetProperty("tlsMs").ValueKind.Should().Be(JsonValueKind.Null);
        attempt.GetProperty("firstByteMs").ValueKind.Should().Be(JsonValueKind.Null);
        receiver.Requests.Should().BeEmpty();
    }

    /// <summary>The server is written by hand: a library's own would refuse the old version before the sender
    /// can.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_server_that_picks_TLS_1_0_or_1_1_is_told_that_this_is_no_version(byte minor)
    {
        // RFC 5246, 7.4.1.3: a ServerHello of that version with ECDHE_RSA_AES_128_CBC_SHA, in a record of its own.
        byte[] serverHello = [22, 3, minor, 0, 42, 2, 0, 0, 38, 3, minor, .. new byte[32], 0, 0xc0, 0x13, 0];
        using var old = new TcpListener(IPAddress.Loopback, 0);
        old.Start();
        var refusal = Task.Run(async () =>
        {
            using var client = await old.AcceptTcpClientAsync(Token);
            await ReadRecordAsync(client.GetStream());
            await client.GetStream().WriteAsync(serverHello, Token);
            return await ReadRecordAsync(client.GetStream());
        });
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(new Uri($"https://{old.LocalEndpoint}/hooks"));

        var attempt = await AttemptAsync(merchant);

        attempt.GetProperty("errorKind").GetString().Should().Be("tls_invalid");
        // An alert (21) that is fatal (2): protocol_version (70).
        var (type, content) = await refusal;
        type.Should().Be(21);
        content.Should().Equal(2, 70);
    }

    [Fact]
    public async Task A_certificate_sends_nobody_to_fetch_its_issuers()
    {
        using var between = TestAuthority.Intermediate();
        await using var issuers = RawReceiver.Start(RawReceiver.Text(Ok));
        using var certificate = TestAuthority.Issue(issuer: between, issuers: issuers.Url);
        await using var receiver = RawReceiver.Start(RawReceiver.Text(Ok), Options(certificate));
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(receiver.Url);

        var attempt = await AttemptAsync(merchant);

        attempt.GetProperty("errorKind").GetString().Should().Be("tls_invalid");
        issuers.Connections.Should().Be(0);
    }

    [Fact]
    public async Task A_handshake_that_hangs_is_a_timeout_after_5_seconds()
    {
        // The system takes the connection, and nobody ever reads from it.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(new Uri($"https://{silent.LocalEndpoint}/hooks"));

        var attempt = await AttemptAsync(merchant);

        attempt.GetProperty("errorKind").GetString().Should().Be("timeout");
        attempt.GetProperty("latencyMs").GetInt32().Should().BeInRange(4_900, 9_000);
        attempt.GetProperty("connectMs").GetInt32().Should().BeGreaterThanOrEqualTo(0);
        attempt.GetProperty("tlsMs").ValueKind.Should().Be(JsonValueKind.Null);
    }

    private static SslServerAuthenticationOptions Options(X509Certificate2 certificate) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, [], offline: true),
    };

    private static async Task<(byte Type, byte[] Content)> ReadRecordAsync(NetworkStream connection)
    {
        var head = new byte[5];
        await connection.ReadExactlyAsync(head, Token);
        var content = new byte[(head[3] << 8) | head[4]];
        await connection.ReadExactlyAsync(content, Token);
        return (head[0], content);
    }

    /// <summary>The first attempt for this merchant's next event.</summary>
    private static async Task<JsonElement> AttemptAsync(TestMerchant merchant)
    {
        var message = await merchant.PublishAsync();
        var delivery = await merchant.DeliveryAsync(message, one => one.GetProperty("attemptCount").GetInt32() == 1
            && (one.GetProperty("status").GetString() == "succeeded"
                || one.GetProperty("nextAttemptAt").ValueKind != JsonValueKind.Null));
        return (await merchant.AttemptsAsync(delivery))[^1];
    }
}
