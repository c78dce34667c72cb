using System.Net;
using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.PublicStatus;

public sealed class ProjectionTests(RunningPublicStatus service) : IClassFixture<RunningPublicStatus>
{
    [Fact]
    public async Task The_service_is_healthy_once_its_loops_have_ticked() =>
        await Eventually.GetAsync(() => service.GetAsync("/health"), health => health.StatusCode == HttpStatusCode.OK);

    [Fact]
    public async Task Events_in_any_order_and_repeated_leave_the_newest_view()
    {
        var merchant = Id.New(service.Clock);
        var first = service.NewView();
        var paid = first with { Version = 2, Status = "Paid", Outcome = "exact", Received = "10.5", Missing = "0" };
        var confirmed = paid with { Version = 3, Status = "Confirmed", Confirmations = 3 };
        PaymentChanged[] events =
        [
            service.EventOf(merchant, 1, first),
            service.EventOf(merchant, 2, paid),
            service.EventOf(merchant, 3, confirmed),
        ];
        var other = service.NewView();

        foreach (var at in new[] { 2, 0, 1, 2, 0, 1 })
            await service.PublishAsync(events[at]);
        await service.PublishAsync(service.EventOf(merchant, 4, other));

        await Eventually.GetAsync(() => service.StoredVersionAsync(other.Token), version => version == "1.0");
        (await service.StoredVersionAsync(first.Token)).Should().Be("3.0");
        (await service.ReadJsonAsync(first.Token))["status"]!.ToString().Should().Be("Confirmed");
        service.Payments.QuestionsAbout(first.Token).Should().Be(0);
    }

    [Fact]
    public async Task An_event_reaches_a_view_in_memory_at_once()
    {
        var view = service.NewView();
        service.Payments.Views[view.Token] = view;
        (await service.ReadJsonAsync(view.Token))["status"]!.ToString().Should().Be("Pending");

        await service.PublishAsync(
            service.EventOf(Id.New(service.Clock), 1, view with { Version = 2, Status = "Paid", Outcome = "exact" }));

        // The clock stands still, so nothing but the event brings the news.
        await Eventually.GetAsync(
            () => service.ReadJsonAsync(view.Token), json => json["status"]!.ToString() == "Paid");
        service.Payments.QuestionsAbout(view.Token).Should().Be(1);
    }

    [Fact]
    public async Task Progress_moves_a_view_between_two_versions_and_never_back()
    {
        var merchant = Id.New(service.Clock);
        var paid = service.NewView() with { Version = 2, Status = "Paid", Outcome = "exact", Confirmations = 1 };
        var deeper = paid with { Progress = 1, Confirmations = 2 };
        var delayed = paid with { Progress = 2, Confirmations = 2, Delayed = true };
        var confirmed = delayed with { Version = 3, Status = "Confirmed", Confirmations = 3, Delayed = false };

        await service.PublishAsync(new PaymentProgressed([deeper, delayed, deeper]));
        await Eventually.GetAsync(() => service.StoredVersionAsync(paid.Token), version => version == "2.2");
        await service.PublishAsync(service.EventOf(merchant, 1, paid));
        await service.PublishAsync(service.EventOf(merchant, 2, confirmed));
        await Eventually.GetAsync(() => service.StoredVersionAsync(paid.Token), version => version == "3.2");

        var last = service.NewView();
        await service.PublishAsync(new PaymentProgressed([delayed with { Progress = 9 }, last]));
        await Eventually.GetAsync(() => service.StoredVersionAsync(last.Token), version => version == "1.0");
        (await service.StoredVersionAsync(paid.Token)).Should().Be("3.2");
    }

    [Fact]
    public async Task What_another_replica_stored_is_read_within_a_second()
    {
        var view = service.NewView();
        service.Payments.Views[view.Token] = view;
        (await service.ReadJsonAsync(view.Token))["status"]!.ToString().Should().Be("Pending");

        await using (var replica = Npgsql.NpgsqlDataSource.Create(service.ConnectionString))
        {
            var table = new Kobbopay.PublicStatus.ViewTable(replica, service.Clock);
            await table.StoreAsync(
                [view with { Version = 2, Status = "Paid", Outcome = "exact" }], TestContext.Current.CancellationToken);
        }

        service.Clock.Advance(TimeSpan.FromSeconds(1));
        (await service.ReadJsonAsync(view.Token))["status"]!.ToString().Should().Be("Paid");
    }

    [Fact]
    public async Task An_event_that_the_bus_lost_is_fetched_from_the_feed()
    {
        var lost = service.NewView();
        service.Payments.Feed.Enqueue(service.EventOf(Id.New(service.Clock), 1, lost));

        await Eventually.GetAsync(
            () =>
            {
                service.Clock.Advance(TimeSpan.FromSeconds(1));
                return service.StoredVersionAsync(lost.Token);
            },
            version => version == "1.0");
    }
}
