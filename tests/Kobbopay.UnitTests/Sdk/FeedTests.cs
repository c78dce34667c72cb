using Kobbopay.Client;

namespace Kobbopay.UnitTests.Sdk;

public sealed class FeedTests : IDisposable
{
    private readonly ScriptedKobbopay _server = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Events_come_in_order_over_pages_and_waits()
    {
        _server.Answers(200, Samples.Feed(7, true, 5, 6)).Answers(200, Samples.Feed(7, false, 7))
            .Answers(200, Samples.Feed(7, false)).Answers(200, Samples.Feed(8, false, 8));

        var seen = await FollowAsync(after: 4, count: 4);

        seen.Should().Equal(5, 6, 7, 8);
        _server.Requests.Select(request => request.Query).Should().Equal(
            "?after=4&limit=100&wait=25", "?after=6&limit=100&wait=25", "?after=7&limit=100&wait=25",
            "?after=7&limit=100&wait=25");
        (_server.Requests[3].At - _server.Requests[2].At).Should().BeGreaterThanOrEqualTo(
            TimeSpan.FromSeconds(1), "an empty answer that did not wait is not asked for again at once");
    }

    [Fact]
    public async Task An_event_has_its_bytes_and_its_payment()
    {
        _server.Answers(200, Samples.Feed(1, false, 1));

        var page = await _server.Client.Events.ReadAsync(0, cancellationToken: Token);

        var one = page.Data.Should().ContainSingle().Subject;
        System.Text.Encoding.UTF8.GetString(one.Body.Span).Should().Be(Samples.Event(1));
        one.ReadPayment()!.Status.Should().Be(PaymentStatuses.Paid);
    }

    [Fact]
    public async Task An_outage_is_waited_out_however_long_it_is()
    {
        _server.Answers(200, Samples.Feed(1, false, 1));
        for (var i = 0; i < 40; i++)
            _server.Fails(new HttpRequestException(HttpRequestError.ConnectionError, "refused"));
        _server.Refuses(429, "rate_limited", retryable: true, headers: ("Retry-After", "600"))
            .Answers(200, Samples.Feed(2, false, 2));

        (await FollowAsync(after: 0, count: 2)).Should().Equal(1, 2);

        var waits = _server.Requests.Zip(_server.Requests.Skip(1), (a, b) => b.At - a.At).ToList();
        waits[^1].Should().BeGreaterThanOrEqualTo(TimeSpan.FromMinutes(10), "Retry-After is kept");
        waits[..^1].Should().OnlyContain(wait => wait < TimeSpan.FromSeconds(31));
    }

    [Fact]
    public async Task An_event_that_is_missing_ends_it()
    {
        _server.Answers(200, Samples.Feed(8, false, 5, 7));

        var follow = () => FollowAsync(after: 4, count: 9);

        (await follow.Should().ThrowAsync<KobbopayFeedGapException>())
            .Which.Should().BeEquivalentTo(new { ExpectedSequence = 6L, ActualSequence = 7L });
    }

    [Fact]
    public async Task Another_feed_than_the_cursors_ends_it_instead_of_hiding_its_events()
    {
        _server.Answers(200, Samples.Feed(3, false));

        var follow = () => FollowAsync(after: 1000, count: 9);

        (await follow.Should().ThrowAsync<KobbopayFeedGapException>())
            .Which.Should().BeEquivalentTo(new { ExpectedSequence = 1001L, ActualSequence = 3L });
    }

    [Fact]
    public async Task A_cursor_that_is_too_old_names_where_the_feed_begins()
    {
        _server.Refuses(410, "cursor_expired", more: ""","oldestSequence":900""");

        var follow = () => FollowAsync(after: 1, count: 9);

        (await follow.Should().ThrowAsync<KobbopayCursorExpiredException>())
            .Which.Should().BeEquivalentTo(new { OldestSequence = 900L, Code = "cursor_expired", Status = 410 });
    }

    [Fact]
    public async Task With_a_filter_numbers_are_missing_and_what_is_filtered_out_is_left_behind()
    {
        _server.Answers(200, Samples.Feed(9, false, 5, 8)).Answers(200, Samples.Feed(20, false))
            .Answers(200, Samples.Feed(21, false, 21));

        (await FollowAsync(after: 4, count: 3, "payment.*")).Should().Equal(5, 8, 21);

        _server.Requests.Select(request => request.Query).Should().Equal(
            "?after=4&limit=100&type=payment.%2A&wait=25", "?after=8&limit=100&type=payment.%2A&wait=25",
            "?after=20&limit=100&type=payment.%2A&wait=25");
    }

    private Task<List<long?>> FollowAsync(long? after, int count, string? type = null) =>
        _server.Client.Events.FollowAsync(after, type, Token)
            .Take(count).Select(one => one.Sequence).ToListAsync(Token).AsTask();
}
