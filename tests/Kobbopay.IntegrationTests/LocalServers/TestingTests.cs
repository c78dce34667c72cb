using Kobbopay.Client;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.LocalServers;

public sealed class TestingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Databases_of_one_schema_are_migrated_once_and_do_not_see_each_other()
    {
        var migrations = 0;
        async Task MigrateAsync(string connectionString)
        {
            migrations++;
            await ScalarAsync(connectionString, "create table t (n int)");
        }

        await using var one = await TestDatabase.CreateAsync("testing", MigrateAsync);
        await using var other = await TestDatabase.CreateAsync("testing", MigrateAsync);
        await ScalarAsync(one.ConnectionString, "insert into t values (1)");

        (await ScalarAsync(one.ConnectionString, "select count(*) from t")).Should().Be(1L);
        (await ScalarAsync(other.ConnectionString, "select count(*) from t")).Should().Be(0L);
        migrations.Should().Be(1);
    }

    [Fact]
    public async Task A_receiver_answers_from_its_script_and_records_raw_bytes_and_headers()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answers(WebhookAnswer.Of(503).With("Retry-After", "7"), WebhookAnswer.Closed);
        using var client = new HttpClient(new SocketsHttpHandler());

        using (var first = await PostAsync())
        {
            ((int)first.StatusCode).Should().Be(503);
            first.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(7));
        }

        var second = async () => await PostAsync();
        await second.Should().ThrowAsync<HttpRequestException>();
        using (var third = await PostAsync())
            ((int)third.StatusCode).Should().Be(200);

        var received = await receiver.ReceiveAsync(3);
        var body = "{ \"id\":\"evt_1\"}"u8.ToArray();
        received.Should().OnlyContain(request => request.Body.SequenceEqual(body)
            && request.Headers["x-kobbopay-event-id"] == "evt_1" && request.Path == "/webhooks"
                && request.EventId == "evt_1");

        async Task<HttpResponseMessage> PostAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, receiver.Url)
            {
                Content = new StringContent("{ \"id\":\"evt_1\"}"),
            };
            request.Headers.Add("X-Kobbopay-Event-Id", "evt_1");
            return await client.SendAsync(request, Token);
        }
    }

    [Fact]
    public async Task A_received_webhook_tells_what_each_of_the_three_signatures_is_worth()
    {
        var secret = "whsec_" + Convert.ToBase64String(new byte[32]);
        var other = "whsec_" + Convert.ToBase64String([1, .. new byte[31]]);
        var body = "{\"id\":\"evt_1\"}"u8.ToArray();
        await using var receiver = await WebhookReceiver.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler());
        using var request = new HttpRequestMessage(HttpMethod.Post, receiver.Url);
        request.Content = new ByteArrayContent(body);
        foreach (var (name, value) in WebhookSignature.Sign("evt_1", TimeProvider.System.GetUtcNow(), body, secret))
            request.Headers.Add(name, value);
        using (await client.SendAsync(request, Token))
        {
            var received = (await receiver.ReceiveAsync(1))[0];

            received.Verify(secret).Values.Should().HaveCount(3).And.OnlyContain(said => said == WebhookVerdict.Valid);
            received.Verify(other).Values.Should().OnlyContain(said => said == WebhookVerdict.SignatureMismatch);
        }
    }

    [Fact]
    public async Task Eventually_tells_the_last_value_when_time_is_up()
    {
        var waiting = async () =>
            await Eventually.SeeAsync(() => 41, value => value == 42, TimeSpan.FromMilliseconds(60));

        (await waiting.Should().ThrowAsync<TimeoutException>()).WithMessage("*value => value == 42*last value was: 41");
    }

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Token);
    }
}
