using System.Text.Json;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class IdempotencyTests : IAsyncLifetime
{
    private const string Endpoints = "/v1/webhook-endpoints";

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private WebhooksHouse _house = null!;

    public async ValueTask InitializeAsync() => _house = await WebhooksHouse.StartAsync(_clock);

    public async ValueTask DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task The_same_key_and_body_give_the_stored_answer_again_without_the_secret()
    {
        var merchant = _house.NewMerchant();

        var first = await merchant.PostAsync(Endpoints, Body("a"), "key 1");
        var again = await merchant.PostAsync(Endpoints, Body("a"), "key 1");

        first.Status.Should().Be(201);
        first.Replayed.Should().BeFalse();
        first.Text("secret").Should().StartWith("whsec_");
        first.Body.TryGetProperty("secretAlreadyShown", out _).Should().BeFalse();
        again.Status.Should().Be(201);
        again.Replayed.Should().BeTrue();
        again.Location.Should().Be(first.Location);
        again.Text("id").Should().Be(first.Text("id"));
        again.Body.GetProperty("secret").ValueKind.Should().Be(JsonValueKind.Null);
        again.Body.GetProperty("secretAlreadyShown").GetBoolean().Should().BeTrue();
        (await merchant.GetAsync(Endpoints)).Data.Should().ContainSingle();
        (await _house.QueryAsync<string>("select string_agg(convert_from(body, 'utf8'), '') from idempotency_keys"))
            .Should().Contain(first.Text("id")).And.NotContain("whsec_");
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        var merchant = _house.NewMerchant();
        await merchant.PostAsync(Endpoints, Body("a"), "key 2");

        var other = await merchant.PostAsync(Endpoints, Body("b"), "key 2");

        other.Status.Should().Be(422);
        other.Text("code").Should().Be("idempotency_key_reused");
        (await merchant.GetAsync(Endpoints)).Data.Should().ContainSingle();
    }

    [Fact]
    public async Task A_key_belongs_to_its_merchant_and_environment()
    {
        var merchant = _house.NewMerchant();
        var live = merchant with { Identity = merchant.Identity with { Environment = "live" } };

        foreach (var one in new[] { merchant, live, _house.NewMerchant() })
        {
            var answer = await one.PostAsync(Endpoints, Body("a"), "key 3");
            (answer.Status, answer.Replayed).Should().Be((201, false));
        }
    }

    [Fact]
    public async Task A_refusal_is_not_stored()
    {
        var merchant = _house.NewMerchant();

        var refused = await merchant.PostAsync(Endpoints, new { url = "ftp://a.example", events = new[] { "*" } }, "k");
        var corrected = await merchant.PostAsync(Endpoints, Body("a"), "k");

        (refused.Status, corrected.Status, corrected.Replayed).Should().Be((422, 201, false));
    }

    [Theory]
    [InlineData("")]
    [InlineData("k\u00e9y")]
    public async Task A_key_that_is_none_is_refused(string key)
    {
        var merchant = _house.NewMerchant();
        var http = new DefaultHttpContext();
        http.Request.Headers[Idempotency.Header] = key;

        var refusal = ((Action)(() => Idempotency.ClaimOf(http, default))).Should().Throw<ProblemException>().Which;
        refusal.Code.Should().Be("invalid_request");
        var tooLong = await merchant.PostAsync(Endpoints, Body("a"), new string('k', 256));
        tooLong.Status.Should().Be(422);
        tooLong.Body.GetProperty("errors")[0].GetProperty("pointer").GetString().Should().Be("Idempotency-Key");
        (await merchant.GetAsync(Endpoints)).Data.Should().BeEmpty();
    }

    [Fact]
    public async Task Equal_requests_at_once_make_one_endpoint_and_show_its_secret_once()
    {
        var merchant = _house.NewMerchant();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => merchant.PostAsync(Endpoints, Body("a"), "racing")));

        answers.Should().OnlyContain(answer => answer.Status == 201);
        answers.Select(answer => answer.Text("id")).Distinct().Should().ContainSingle();
        var first = answers.Should().ContainSingle(answer => !answer.Replayed).Subject;
        answers.Should().ContainSingle(answer => answer.Body.GetProperty("secret").ValueKind == JsonValueKind.String)
            .Which.Should().BeSameAs(first);
        (await merchant.GetAsync(Endpoints)).Data.Should().ContainSingle();
    }

    [Fact]
    public async Task Between_replicas_the_unique_index_decides_and_the_slower_one_leaves_no_trace()
    {
        var merchant = _house.NewMerchant();
        var keys = _house.Services.GetRequiredService<IdempotencyKeys>();
        var claim = new IdempotencyClaim($"POST {Endpoints}", "two replicas", new byte[32]);
        await using var connection = await _house.Sql.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        keys.Add(batch, merchant.Identity, claim, new StoredAnswer(201, null, "{}"u8.ToArray()));
        await batch.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var slower = merchant.PostAsync(Endpoints, Body("a"), "two replicas");
        await Eventually.TrueAsync(() => _house.QueryAsync<bool>(
            "select exists (select from pg_locks where not granted and locktype = 'transactionid')"));
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        // The other one's fingerprint is of no body that this test could send.
        (await slower).Text("code").Should().Be("idempotency_key_reused");
        (await merchant.GetAsync(Endpoints)).Data.Should().BeEmpty();
    }

    [Fact]
    public async Task A_key_is_forgotten_after_24_hours()
    {
        var merchant = _house.NewMerchant();
        await merchant.PostAsync(Endpoints, Body("a"), "old");
        _clock.Advance(TimeSpan.FromHours(23));
        await merchant.PostAsync(Endpoints, Body("b"), "young");

        _clock.Advance(TimeSpan.FromHours(1.1));

        await Eventually.TrueAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(10));
            return _house.QueryAsync<bool>("select string_agg(key, '') = 'young' from idempotency_keys");
        });
        var again = await merchant.PostAsync(Endpoints, Body("a"), "old");
        (again.Status, again.Replayed).Should().Be((201, false));
    }

    private static object Body(string path) => new { url = $"https://shop.example/{path}", events = new[] { "*" } };
}
