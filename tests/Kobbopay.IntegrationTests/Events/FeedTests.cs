using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.Payments.Events;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Events;

public sealed class FeedTests : IAsyncLifetime
{
    private PaymentsHost _payments = null!;
    private MerchantIdentity _merchant = null!;

    public async ValueTask InitializeAsync()
    {
        _payments = await PaymentsHost.StartAsync();
        _merchant = _payments.Merchant;
    }

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Fact]
    public async Task The_feed_is_dense_and_ascending_and_goes_on_after_any_sequence()
    {
        await _payments.CreateAsync(_merchant, 5);

        var first = await _payments.FeedAsync(_merchant, "?limit=3");
        var rest = await _payments.FeedAsync(_merchant, "?after=3");

        first.Sequences().Should().Equal(1, 2, 3);
        ((bool)first["hasMore"]!, (long)first["latestSequence"]!).Should().Be((true, 5));
        rest.Sequences().Should().Equal(4, 5);
        ((bool)rest["hasMore"]!).Should().BeFalse();
        (await _payments.FeedAsync(_merchant, "?after=99")).Sequences().Should().BeEmpty();
    }

    [Fact]
    public async Task A_cursor_before_what_is_kept_is_gone_and_told_where_the_feed_begins()
    {
        await _payments.CreateAsync(_merchant, 3);
        await _payments.ExecuteAsync("update event_counters set dropped = 2; delete from events where sequence <= 2");

        var gone = await _payments.SendAsync(HttpMethod.Get, "/v1/events?after=1");

        (gone.Status, (string)gone.Json["code"]!, (long)gone.Json["oldestSequence"]!)
            .Should().Be((410, "cursor_expired", 3));
        (await _payments.FeedAsync(_merchant, "?after=2")).Sequences().Should().Equal(3);
    }

    [Fact]
    public async Task An_event_is_the_same_bytes_by_its_id_and_in_the_list()
    {
        await _payments.CreateAsync(_merchant, 1);
        var list = await _payments.SendAsync(HttpMethod.Get, "/v1/events");
        var id = (string)list.Json["data"]![0]!["id"]!;

        var one = await _payments.SendAsync(HttpMethod.Get, $"/v1/events/{id}");

        list.Body.Should().StartWith($$"""{"data":[{{one.Body}}],""");
        one.Body.Should().StartWith($$"""{"id":"{{id}}","type":"payment.created",""");
    }

    [Fact]
    public async Task A_feed_is_its_owners_in_its_environment_alone()
    {
        await _payments.CreateAsync(_merchant, 1);
        var id = (string)(await _payments.FeedAsync(_merchant))["data"]![0]!["id"]!;
        var live = _merchant with { Environment = MerchantEnvironments.Live };
        foreach (var stranger in new[] { live, await _payments.AddMerchantAsync() })
        {
            (await _payments.FeedAsync(stranger)).ToJsonString()
                .Should().Be("""{"data":[],"hasMore":false,"latestSequence":0}""");
            (await _payments.SendAsync(HttpMethod.Get, $"/v1/events/{id}", merchant: stranger)).Code
                .Should().Be("not_found");
        }

        var without = _merchant with { Scopes = [Scopes.PaymentsRead] };
        (await _payments.SendAsync(HttpMethod.Get, "/v1/events", merchant: without)).Code
            .Should().Be("insufficient_scope");
    }

    [Theory]
    [InlineData("?type=payment.paid", new[] { "payment.paid" })]
    [InlineData("?type=payment.*", new[] { "payment.created", "payment.paid" })]
    [InlineData("?type=payment.*&after=1", new[] { "payment.paid" })]
    [InlineData("?type=api_key.*", new string[0])]
    public async Task A_type_or_a_whole_object_may_be_chosen(string query, string[] types)
    {
        var id = await _payments.CreateOneAsync(_merchant);
        await _payments.SendAsync(HttpMethod.Post, $"/v1/sandbox/payments/{id}/pay");
        await Eventually.GetAsync(() => _payments.LatestAsync(_merchant), latest => latest == 2);

        (await _payments.FeedAsync(_merchant, query)).Types().Should().Equal(types);
    }

    [Theory]
    [InlineData("?type=payment.payed", "?type")]
    [InlineData("?type=", "?type")]
    [InlineData("?type=payment", "?type")]
    [InlineData("?type=webhook.test", "?type")]
    [InlineData("?type=payment.paid&type=payment.created", "?type")]
    [InlineData("?limit=0", "?limit")]
    [InlineData("?limit=101", "?limit")]
    [InlineData("?after=-1", "?after")]
    [InlineData("?after=evt_1", "?after")]
    [InlineData("?wait=31", "?wait")]
    [InlineData("?wait=1.5", "?wait")]
    public async Task What_a_query_can_not_mean_is_refused_by_name(string query, string pointer)
    {
        var answer = await _payments.SendAsync(HttpMethod.Get, $"/v1/events{query}");

        (answer.Status, answer.Code, answer.Pointer).Should().Be((422, "invalid_request", pointer));
    }

    [Fact]
    public async Task Who_waits_gets_the_next_event_at_once_and_an_empty_page_when_none_comes()
    {
        await _payments.CreateAsync(_merchant, 1);
        var waiting = _payments.FeedAsync(_merchant, "?after=1&wait=30");
        var choosy = _payments.FeedAsync(_merchant, "?after=1&wait=2&type=payment.confirmed");
        await Waiting(2);

        await _payments.CreateOneAsync(_merchant);

        (await waiting).Sequences().Should().Equal(2);
        (await choosy).ToJsonString().Should().Be("""{"data":[],"hasMore":false,"latestSequence":2}""");
        await Waiting(0);
        (await _payments.FeedAsync(_merchant, "?wait=30")).Sequences().Should().Equal(1, 2);
    }

    [Fact]
    public async Task What_another_replica_sequenced_reaches_who_waits_here()
    {
        await _payments.CreateAsync(_merchant, 1);
        var waiting = _payments.FeedAsync(_merchant, "?after=1&wait=30");
        await Waiting(1);

        // The other replica's transaction, as far as it can be seen from here.
        await using var command = _payments.Database.CreateCommand(
            """
            with next as (update event_counters set latest = 2 returning merchant_id)
            insert into events (id, merchant_id, environment, sequence, type, created_at, body)
            select overlay(e.id::text placing '0000' from 25)::uuid, e.merchant_id, e.environment, 2, e.type,
              e.created_at, e.body
            from events e join next using (merchant_id)
            """);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        (await waiting)["data"]!.AsArray().Should().ContainSingle();
    }

    [Fact]
    public async Task More_than_fifty_may_not_wait_and_those_who_do_take_no_connection_from_others()
    {
        await _payments.CreateAsync(_merchant, 1);
        var waiting = Enumerable.Range(0, EventWaiters.LimitOfFeed)
            .Select(_ => _payments.FeedAsync(_merchant, "?after=1&wait=30")).ToArray();
        await Waiting(EventWaiters.LimitOfFeed);

        var refused = await _payments.SendAsync(HttpMethod.Get, "/v1/events?after=1&wait=30");
        (refused.Status, refused.Code, refused.Headers["Retry-After"]).Should().Be((429, "rate_limited", "1"));
        var other = await _payments.AddMerchantAsync();
        await _payments.CreateAsync(other, 1);
        (await _payments.FeedAsync(other, "?wait=30")).Sequences().Should().Equal(1);

        await _payments.CreateOneAsync(_merchant);
        foreach (var page in await Task.WhenAll(waiting))
            page.Sequences().Should().Equal(2);
    }

    [Fact]
    public async Task Who_waits_when_the_service_stops_gets_an_empty_page()
    {
        await _payments.CreateAsync(_merchant, 1);
        var waiting = _payments.FeedAsync(_merchant, "?after=1&wait=30");
        await Waiting(1);

        await _payments.StopAsync();

        (await waiting).Sequences().Should().BeEmpty();
    }

    private Task Waiting(int count) => Eventually.TrueAsync(() => Waiters.Count == count);

    private EventWaiters Waiters => (EventWaiters)_payments.Services.GetService(typeof(EventWaiters))!;
}
