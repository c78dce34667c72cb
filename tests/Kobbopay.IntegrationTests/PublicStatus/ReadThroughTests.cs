using System.Net;
using System.Text.Json.Nodes;

namespace Kobbopay.IntegrationTests.PublicStatus;

public sealed class ReadThroughTests(RunningPublicStatus service) : IClassFixture<RunningPublicStatus>
{
    [Fact]
    public async Task A_payment_is_there_before_its_first_event_has_arrived()
    {
        var view = service.NewView();
        service.Payments.Views[view.Token] = view;

        (await service.ReadJsonAsync(view.Token))["address"]!.ToString().Should().Be(view.Address);
        (await service.ReadJsonAsync(view.Token))["address"]!.ToString().Should().Be(view.Address);

        service.Payments.QuestionsAbout(view.Token).Should().Be(1);
        (await service.StoredVersionAsync(view.Token)).Should().Be("1.0");
    }

    [Fact]
    public async Task Readers_at_the_same_time_share_one_question()
    {
        var view = service.NewView();
        service.Payments.Views[view.Token] = view;
        service.Payments.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var readers = Enumerable.Range(0, 20).Select(_ => service.ReadAsync(view.Token)).ToArray();
        await Testing.Eventually.TrueAsync(() => service.Payments.QuestionsAbout(view.Token) == 1);
        service.Payments.Gate.SetResult();
        service.Payments.Gate = null;

        (await Task.WhenAll(readers)).Should().OnlyContain(response => response.StatusCode == HttpStatusCode.OK);
        service.Payments.QuestionsAbout(view.Token).Should().Be(1);
    }

    [Fact]
    public async Task An_open_payment_without_news_for_ten_seconds_is_asked_for()
    {
        var view = service.NewView();
        service.Payments.Views[view.Token] = view;
        await service.ReadJsonAsync(view.Token);
        service.Payments.Views[view.Token] = view with { Version = 2, Status = "Paid", Outcome = "exact" };

        service.Clock.Advance(TimeSpan.FromSeconds(9));
        (await service.ReadJsonAsync(view.Token))["status"]!.ToString().Should().Be("Pending");
        service.Clock.Advance(TimeSpan.FromSeconds(1));
        (await service.ReadJsonAsync(view.Token))["status"]!.ToString().Should().Be("Paid");

        service.Payments.QuestionsAbout(view.Token).Should().Be(2);
        (await service.StoredVersionAsync(view.Token)).Should().Be("2.0");
    }

    [Fact]
    public async Task A_payment_that_is_over_is_not_asked_for_again()
    {
        var view = service.NewView() with { Version = 3, Status = "Confirmed", Outcome = "exact" };
        service.Payments.Views[view.Token] = view;
        await service.ReadJsonAsync(view.Token);
        service.Clock.Advance(TimeSpan.FromMinutes(1));
        await service.ReadJsonAsync(view.Token);
        service.Payments.QuestionsAbout(view.Token).Should().Be(1);
    }

    [Fact]
    public async Task An_older_answer_of_Payments_does_not_take_a_view_back()
    {
        var view = service.NewView() with { Version = 2, Status = "Paid", Outcome = "exact" };
        service.Payments.Views[view.Token] = view;
        await service.ReadJsonAsync(view.Token);
        service.Payments.Views[view.Token] = view with { Version = 1, Status = "Pending", Outcome = "none" };

        service.Clock.Advance(TimeSpan.FromSeconds(10));

        (await service.ReadJsonAsync(view.Token))["status"]!.ToString().Should().Be("Paid");
        (await service.StoredVersionAsync(view.Token)).Should().Be("2.0");
    }

    [Fact]
    public async Task An_unknown_token_is_asked_for_once_in_five_seconds()
    {
        const string token = "pst_yyyyyyyyyyyyyyyyyyyyyyyyyy";
        for (var i = 0; i < 5; i++)
        {
            using var response = await service.ReadAsync(token);
            response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        }

        service.Payments.QuestionsAbout(token).Should().Be(1);
        service.Clock.Advance(TimeSpan.FromSeconds(5));
        using var later = await service.ReadAsync(token);
        later.StatusCode.Should().Be(HttpStatusCode.NotFound);
        service.Payments.QuestionsAbout(token).Should().Be(2);
        (await service.StoredVersionAsync(token)).Should().BeNull();
    }

    [Fact]
    public async Task While_Payments_is_away_known_payments_are_shown_and_others_are_answered_with_try_again()
    {
        var known = service.NewView();
        var missed = service.NewView();
        service.Payments.Views[known.Token] = known;
        service.Payments.Views[missed.Token] = missed;
        await service.ReadJsonAsync(known.Token);
        service.Clock.Advance(TimeSpan.FromSeconds(30));

        service.Payments.IsDown = true;
        try
        {
            using var served = await service.ReadAsync(known.Token);
            served.StatusCode.Should().Be(HttpStatusCode.OK);

            using var refused = await service.ReadAsync(missed.Token);
            refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(2));
            refused.Headers.GetValues("Access-Control-Allow-Origin").Should().Equal("*");
            var problem = JsonNode.Parse(
                await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            problem["code"]!.ToString().Should().Be("service_unavailable");

            using var page = await service.GetAsync($"/pay/{missed.Token}");
            page.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        }
        finally
        {
            service.Payments.IsDown = false;
        }

        (await service.ReadJsonAsync(missed.Token))["status"]!.ToString().Should().Be("Pending");
    }
}
