using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Events;

/// <summary>The feed as server-sent events.</summary>
public sealed class StreamTests
{
    private static readonly (string, string) Sse = ("Accept", "text/event-stream");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_begins_with_what_is_new_and_brings_each_events_exact_bytes()
    {
        await using var payments = await PaymentsHost.StartAsync();
        await payments.CreateAsync(payments.Merchant, 2);
        await using var stream = new SseReader(await payments.OpenAsync("/v1/events", headers: Sse));
        (await stream.ReadAsync()).Should().Equal("retry: 2000");
        stream.Response.Content.Headers.ContentType!.ToString().Should().Be("text/event-stream");
        stream.Response.Headers.CacheControl!.NoStore.Should().BeTrue();

        var id = await payments.CreateOneAsync(payments.Merchant, new { note = "two\nlines, größe, 値" });

        var frame = await stream.ReadAsync();
        var list = await payments.FeedAsync(payments.Merchant, "?after=2");
        var bytes = (await payments.SendAsync(HttpMethod.Get, $"/v1/events/{list["data"]![0]!["id"]}")).Body;
        frame.Should().Equal("id: 3", "event: payment.created", $"data: {bytes}");
        bytes.Should().Contain(id).And.Contain("größe, 値");
    }

    [Fact]
    public async Task A_stream_that_was_cut_off_goes_on_after_the_last_event_whatever_its_address_says()
    {
        await using var payments = await PaymentsHost.StartAsync();
        await payments.CreateAsync(payments.Merchant, 30);
        await using var resumed = new SseReader(
            await payments.OpenAsync("/v1/events?after=0", headers: [Sse, ("Last-Event-ID", "27")]));
        await using var whole = new SseReader(await payments.OpenAsync("/v1/events?after=0", headers: Sse));

        (await IdsAsync(resumed, 3)).Should().Equal(28, 29, 30);
        (await IdsAsync(whole, 30)).Should().Equal(Enumerable.Range(1, 30));
        using var refused = await payments.OpenAsync("/v1/events", headers: [Sse, ("Last-Event-ID", "evt_1")]);
        ((int)refused.StatusCode).Should().Be(422);
    }

    [Fact]
    public async Task A_stream_of_chosen_types_passes_over_the_others()
    {
        await using var payments = await PaymentsHost.StartAsync();
        await payments.CreateAsync(payments.Merchant, 25);
        await using var stream = new SseReader(
            await payments.OpenAsync("/v1/events?after=0&type=payment.paid", headers: Sse));
        await stream.ReadAsync();

        var id = await payments.CreateOneAsync(payments.Merchant);
        await payments.SendAsync(HttpMethod.Post, $"/v1/sandbox/payments/{id}/pay");

        (await stream.ReadAsync())![..2].Should().Equal("id: 27", "event: payment.paid");
    }

    [Fact]
    public async Task A_silent_stream_gives_a_sign_of_life_and_ends_properly_when_the_service_stops()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var payments = await PaymentsHost.StartAsync(clock);
        await using var stream = new SseReader(await payments.OpenAsync("/v1/events", headers: Sse));
        await stream.ReadAsync();

        var sign = stream.ReadAsync();
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return sign.IsCompleted;
        });

        (await sign).Should().Equal(": still here");
        var stopping = payments.StopAsync();
        (await stream.ReadAsync()).Should().BeNull();
        await stopping;
    }

    [Fact]
    public async Task Through_the_gateway_a_stream_and_a_wait_arrive_as_they_happen()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var key = ApiKey.Create(MerchantEnvironments.Test);
        await AddKeyAsync(payments, key);
        await using var gateway = Kobbopay.Gateway.Program.Build(
        [
            "--applicationName=Kobbopay.Gateway",
            "--urls=http://127.0.0.1:0",
            "--Logging:Console:LogLevel:Default=None",
            $"--ConnectionStrings:{ResourceNames.Messaging}={payments.Broker}",
            $"--Identity:Issue:{ResourceNames.Payments}={PaymentsHost.GatewayKey}",
            $"--services:{ResourceNames.Payments}:http:0={payments.Url}",
        ]);
        await gateway.StartAsync(Token);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri(gateway.Urls.Single()),
        };
        client.DefaultRequestHeaders.Add("x-api-key", key);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events");
        request.Headers.Add(Sse.Item1, Sse.Item2);
        await using var stream = new SseReader(
            await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token));
        var waiting = client.GetStringAsync(new Uri("/v1/events?wait=30", UriKind.Relative), Token);
        (await stream.ReadAsync()).Should().Equal("retry: 2000");
        await payments.CreateOneAsync(payments.Merchant);

        (await stream.ReadAsync())![..2].Should().Equal("id: 1", "event: payment.created");
        (await waiting).Should().Contain("\"latestSequence\":1");
    }

    private static async Task AddKeyAsync(PaymentsHost payments, string key)
    {
        await using var command = payments.Database.CreateCommand(
            """
            insert into api_keys (id, merchant_id, environment, hash, prefix, last4, label, scopes)
            values ($1, $2, 'test', $3, 'kp_test_', right($3, 4), 'Key', $4)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Id.New(TimeProvider.System) });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = payments.Merchant.MerchantId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = ApiKey.Hash(key) });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. Scopes.All] });
        await command.ExecuteNonQueryAsync(Token);
    }

    private static async Task<List<int>> IdsAsync(SseReader stream, int count)
    {
        var ids = new List<int>();
        while (ids.Count < count && await stream.ReadAsync() is { } frame)
        {
            if (frame[0].StartsWith("id: ", StringComparison.Ordinal))
                ids.Add(int.Parse(frame[0][4..]));
        }

        return ids;
    }
}
