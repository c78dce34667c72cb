using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>Whose receiver is certified, and what is kept of it.</summary>
public sealed class CertificationRouteTests(EndpointTests.OneHouse one)
    : IClassFixture<EndpointTests.OneHouse>, IAsyncLifetime
{
    private readonly string _secret = WebhookSecret.Create();
    private WebhookReceiver _receiver = null!;

    private WebhooksHouse House => one.House;

    public async ValueTask InitializeAsync()
    {
        _receiver = await WebhookReceiver.StartAsync();
        _receiver.Judge = request => Certifying.Right(request, _secret);
    }

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    [Fact]
    public async Task Reports_are_read_and_listed_newest_first_by_their_merchant_alone()
    {
        var (merchant, _) = await MerchantAsync();
        var first = await merchant.PostAsync(Certifying.Route);
        var second = await merchant.PostAsync(Certifying.Route);
        var reader = merchant with { Identity = merchant.Identity with { Scopes = [Scopes.WebhooksRead] } };

        (await reader.GetAsync(second.Location!)).Body.GetRawText().Should().Be(second.Body.GetRawText());
        var page = await reader.GetAsync($"{Certifying.Route}?limit=1");
        page.Data.Select(report => report.GetRawText()).Should().Equal(second.Body.GetRawText());
        var next = await reader.GetAsync($"{Certifying.Route}?limit=1&after={page.Text("nextCursor")}");
        next.Data.Select(report => report.GetRawText()).Should().Equal(first.Body.GetRawText());
        next.Body.GetProperty("hasMore").GetBoolean().Should().BeFalse();

        foreach (var stranger in new[] { House.NewMerchant(), Live(merchant) })
        {
            (await stranger.GetAsync(first.Location!)).Text("code").Should().Be("not_found");
            (await stranger.GetAsync(Certifying.Route)).Data.Should().BeEmpty();
        }

        (await merchant.GetAsync($"{Certifying.Route}/crt_nonsense")).Text("code").Should().Be("not_found");
        (await reader.PostAsync(Certifying.Route)).Text("code").Should().Be("insufficient_scope");
        (await House.SendAsync(null, HttpMethod.Post, Certifying.Route, null)).Status.Should().Be(401);
    }

    [Fact]
    public async Task Only_an_enabled_test_endpoint_of_one_s_own_is_certified()
    {
        var (merchant, endpoint) = await MerchantAsync();

        (await House.NewMerchant().PostAsync(Certifying.Route, new { endpoint })).Text("code")
            .Should().Be("not_found");
        (await Live(merchant).PostAsync(Certifying.Route, new { endpoint })).Text("code")
            .Should().Be("wrong_environment");
        (await merchant.PostAsync(Certifying.Route, new { endpoint = "whe_nonsense" })).Text("code")
            .Should().Be("not_found");
        (await merchant.PostAsync(Certifying.Route, new { url = _receiver.Url })).Text("code")
            .Should().Be("invalid_request");
        await DisableAsync(endpoint);
        (await merchant.PostAsync(Certifying.Route, new { endpoint })).Text("code").Should().Be("endpoint_disabled");
        (await merchant.DeleteAsync($"/v1/webhook-endpoints/{endpoint}")).Status.Should().Be(204);
        (await merchant.PostAsync(Certifying.Route, new { endpoint })).Text("code").Should().Be("not_found");

        _receiver.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task An_endpoint_need_not_be_named_where_just_one_is_enabled()
    {
        var (merchant, endpoint) = await MerchantAsync();
        var other = await merchant.EndpointAsync(new Uri("https://shop.example/"));

        var ambiguous = await merchant.PostAsync(Certifying.Route);
        await DisableAsync(other.Text("id"));
        var passed = await merchant.PostAsync(Certifying.Route);
        await DisableAsync(endpoint);
        var none = await merchant.PostAsync(Certifying.Route);

        (ambiguous.Status, ambiguous.Text("detail")).Should().Be(
            (422, "/endpoint: You have several enabled test endpoints: name the one to certify."));
        (passed.Text("status"), passed.Text("endpoint")).Should().Be(("passed", endpoint));
        (none.Status, none.Text("detail")).Should().Be(
            (422, "/endpoint: You have no enabled test endpoint: create one first."));
    }

    [Fact]
    public async Task A_repeated_request_is_answered_with_the_report_and_sends_and_tells_nothing_again()
    {
        var told = await Told<AuditRecorded>.ListenAsync(House);
        var (merchant, endpoint) = await MerchantAsync();

        var first = await merchant.PostAsync(Certifying.Route, new { endpoint }, "once");
        var requests = _receiver.Count;
        var again = await merchant.PostAsync(Certifying.Route, new { endpoint }, "once");

        (again.Status, again.Replayed, again.Location).Should().Be((201, true, first.Location));
        again.Body.GetRawText().Should().Be(first.Body.GetRawText());
        _receiver.Count.Should().Be(requests);
        (await told.OfAsync(merchant, 1)).Should().ContainSingle();
        (await CountAsync(merchant)).Should().Be(1);
    }

    [Fact]
    public async Task An_endpoint_has_one_certification_at_a_time()
    {
        var (merchant, _) = await MerchantAsync();
        var gate = new TaskCompletionSource();
        _receiver.Gate = gate.Task;

        var first = merchant.PostAsync(Certifying.Route);
        await _receiver.ReceiveAsync(1);
        var second = await merchant.PostAsync(Certifying.Route);
        gate.SetResult();

        (second.Status, second.Text("code")).Should().Be((429, "rate_limited"));
        (await first).Text("status").Should().Be("passed");
        (await merchant.PostAsync(Certifying.Route)).Text("status").Should().Be("passed");
    }

    [Fact]
    public async Task A_report_that_can_not_be_told_is_not_kept_either_and_the_same_request_can_be_repeated()
    {
        var told = await Told<ReceiverCertified>.ListenAsync(House);
        var (merchant, endpoint) = await MerchantAsync();
        await AlterAsync("alter table outbox rename to outbox_away");

        var failed = await merchant.PostAsync(Certifying.Route, new { endpoint }, "again");
        (failed.Status >= 500).Should().BeTrue(failed.Body.ToString());
        (await CountAsync(merchant)).Should().Be(0);
        await AlterAsync("alter table outbox_away rename to outbox");
        var passed = await merchant.PostAsync(Certifying.Route, new { endpoint }, "again");

        (passed.Status, passed.Replayed, passed.Text("status")).Should().Be((201, false, "passed"));
        await Eventually.TrueAsync(() => told.Messages.Count > 0);
        told.Messages.Select(message => (message.MerchantId, Id.Format(Id.Certification, message.CertificationId)))
            .Should().Equal((merchant.Identity.MerchantId, passed.Text("id")));
    }

    [Fact]
    public async Task A_run_that_its_asker_leaves_stops_and_leaves_nothing()
    {
        var (merchant, _) = await MerchantAsync();
        var gate = new TaskCompletionSource();
        _receiver.Gate = gate.Task;
        using var leaving = new CancellationTokenSource();

        var left = House.SendAsync(
            merchant.Identity, HttpMethod.Post, Certifying.Route, null, cancellation: leaving.Token);
        await _receiver.ReceiveAsync(1);
        await leaving.CancelAsync();
        await left.Invoking(async run => await run).Should().ThrowAsync<OperationCanceledException>();

        // The place is free again as soon as the run has stopped.
        gate.SetResult();
        await Eventually.GetAsync(() => merchant.PostAsync(Certifying.Route), report => report.Status == 201);
        (await CountAsync(merchant)).Should().Be(1);
    }

    private Task<(TestMerchant Merchant, string Endpoint)> MerchantAsync() =>
        Certifying.MerchantAsync(House, _receiver.Url, _secret);

    private static TestMerchant Live(TestMerchant merchant) =>
        merchant with { Identity = merchant.Identity with { Environment = "live" } };

    private Task<long> CountAsync(TestMerchant merchant) => House.QueryAsync<long>(
        $"select count(*) from certifications where merchant_id = '{merchant.Identity.MerchantId}'");

    private Task<Guid> DisableAsync(string endpoint)
    {
        Id.TryParse(Id.WebhookEndpoint, endpoint, out var id).Should().BeTrue();
        return House.QueryAsync<Guid>(
            $"""
            update webhook_endpoints set status = 'disabled', disabled_reason = 'gone', disabled_at = now()
            where id = '{id}' returning id
            """);
    }

    private async Task AlterAsync(string sql)
    {
#pragma warning disable CA2100 // Statements of this test.
        await using var command = House.Sql.CreateCommand(sql);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
