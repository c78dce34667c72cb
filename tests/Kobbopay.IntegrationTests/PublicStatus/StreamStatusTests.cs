using System.Net;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.PublicStatus;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.PublicStatus;

public sealed class StreamStatusTests(RunningPublicStatus service) : IClassFixture<RunningPublicStatus>
{
    private static readonly Guid Merchant = Guid.Parse("0196a000-0000-7000-8000-0000000000aa");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_tells_what_is_and_then_what_changes_at_once()
    {
        var view = Known(service.NewView());
        await using var stream = await StatusStream.OpenAsync(service.Http, view.Token);

        var first = await stream.NextAsync();
        (first.Id, first.Status["status"]!.ToString()).Should().Be(("W/\"1.0\"", "Pending"));
        first.Status.ToJsonString().Should().Be(
            (await service.ReadJsonAsync(view.Token)).ToJsonString(), "both are the same answer at the same time");

        await service.PublishAsync(service.EventOf(Merchant, 1, view with { Version = 2, Status = "Paid" }));
        var second = await stream.NextAsync();
        (second.Id, second.Status["status"]!.ToString()).Should().Be(("W/\"2.0\"", "Paid"));

        await service.PublishAsync(new PaymentProgressed(
            [view with { Version = 2, Progress = 1, Status = "Paid", Confirmations = 2 }]));
        (await stream.NextAsync()).Status["confirmations"]!.GetValue<int>().Should().Be(2);
    }

    [Fact]
    public async Task Who_comes_again_hears_nothing_that_is_not_new()
    {
        var view = Known(service.NewView());
        await using var stream = await StatusStream.OpenAsync(service.Http, view.Token, lastEventId: "W/\"1.0\"");
        (await stream.LineAsync()).Should().Be("retry: 2000");
        (await stream.LineAsync()).Should().Be(": still here");

        await service.PublishAsync(service.EventOf(Merchant, 2, view with { Version = 2, Status = "Canceled" }));
        (await stream.NextAsync()).Status["status"]!.ToString().Should().Be("Canceled");
    }

    [Fact]
    public async Task A_silent_stream_shows_that_it_is_alive_and_says_when_the_time_is_over()
    {
        var view = Known(service.NewView() with { ExpiresAt = service.Clock.GetUtcNow().AddSeconds(22) });
        await using var stream = await StatusStream.OpenAsync(service.Http, view.Token);
        await stream.NextAsync();

        var line = stream.LineAsync();
        await Eventually.TrueAsync(() =>
        {
            service.Clock.Advance(TimeSpan.FromSeconds(1));
            return line.IsCompleted;
        });
        (await line).Should().Be(": still here");

        var over = stream.NextAsync();
        await Eventually.TrueAsync(() =>
        {
            service.Clock.Advance(TimeSpan.FromSeconds(1));
            return over.IsCompleted;
        });
        var (id, status) = await over;
        id.Should().Be("W/\"1.0.over\"");
        status["guidance"]!.ToString().Should().StartWith("The time to pay is over");
    }

    [Fact]
    public async Task A_stream_finds_by_itself_what_no_event_brought()
    {
        var view = Known(service.NewView());
        await using var stream = await StatusStream.OpenAsync(service.Http, view.Token);
        await stream.NextAsync();
        service.Payments.Views[view.Token] = view with { Version = 2, Status = "Paid" };

        var next = stream.NextAsync();
        await Eventually.TrueAsync(() =>
        {
            service.Clock.Advance(TimeSpan.FromSeconds(1));
            return next.IsCompleted;
        });
        (await next).Status["status"]!.ToString().Should().Be("Paid");
    }

    [Fact]
    public async Task Readers_at_every_replica_see_at_once_what_one_of_them_was_told()
    {
        await using var other = await service.StartReplicaAsync();
        var view = Known(service.NewView());
        await using var here = await StatusStream.OpenAsync(service.Http, view.Token);
        await using var there = await StatusStream.OpenAsync(other.Http, view.Token);
        await here.NextAsync();
        await there.NextAsync();

        // The queue is shared: each event reaches one of the two, and the clock, which tests move, stands still.
        for (var version = 2; version < 12; version++)
        {
            var news = view with { Version = version };
            await service.PublishAsync(service.EventOf(Merchant, 100 + version, news));
            (await here.NextAsync()).Id.Should().Be($"W/\"{version}.0\"");
            (await there.NextAsync()).Id.Should().Be($"W/\"{version}.0\"");
            foreach (var http in new[] { service.Http, other.Http })
            {
                using var answer = await http.GetAsync(
                    new Uri($"/v1/public/payments/{view.Token}", UriKind.Relative), Cancellation);
                answer.Headers.ETag!.ToString().Should().Be($"W/\"{version}.0\"");
            }
        }
    }

    [Fact]
    public async Task A_stream_is_for_any_origin_in_the_readers_language_and_kept_by_nobody()
    {
        var view = Known(service.NewView());
        await using var stream = await StatusStream.OpenAsync(service.Http, view.Token, language: "fr-CA");
        (await stream.NextAsync()).Id.Should().Be("W/\"1.0.fr\"");
        var headers = stream.Response.Headers;
        headers.GetValues("Access-Control-Allow-Origin").Should().Equal("*");
        headers.CacheControl!.NoStore.Should().BeTrue();
        stream.Response.Content.Headers.ContentLanguage.Should().Equal("fr");
        stream.Response.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
    }

    [Fact]
    public async Task An_unknown_token_has_no_stream_but_the_same_answer_as_everywhere()
    {
        using var stream = await service.GetAsync("/v1/public/payments/pst_nobody/stream");
        using var status = await service.ReadAsync("pst_nobody");
        stream.StatusCode.Should().Be(HttpStatusCode.NotFound);
        Problem(await stream.Content.ReadAsStringAsync(Cancellation))
            .Should().Be(Problem(await status.Content.ReadAsStringAsync(Cancellation)));
    }

    [Fact]
    public async Task A_payment_has_so_many_streams_and_a_place_is_free_again_when_one_has_gone()
    {
        var view = Known(service.NewView());
        var streams = new List<StatusStream>();
        for (var i = 0; i < ViewWatchers.LimitOfToken; i++)
            streams.Add(await StatusStream.OpenAsync(service.Http, view.Token));

        using var refused = await service.GetAsync($"/v1/public/payments/{view.Token}/stream");
        refused.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(10));

        foreach (var stream in streams)
            await stream.DisposeAsync();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await using var again = await StatusStream.OpenAsync(service.Http, view.Token);
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    private PublicPayment Known(PublicPayment view)
    {
        service.Payments.Views[view.Token] = view;
        return view;
    }

    /// <summary>What it says, but for the ids of the request.</summary>
    private static (string?, string?, string?) Problem(string body)
    {
        var problem = JsonNode.Parse(body)!;
        return ((string?)problem["code"], (string?)problem["title"], (string?)problem["detail"]);
    }
}
