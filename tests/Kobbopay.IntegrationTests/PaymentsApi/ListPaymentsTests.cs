using System.Text.Json;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>The list of payments: pages, filters, and whom it shows what.</summary>
public sealed class ListPaymentsTests(ListedPayments listed) : IClassFixture<ListedPayments>
{
    private RunningPayments Payments => listed.Payments;

    [Fact]
    public async Task Pages_go_from_the_newest_to_the_oldest_and_back()
    {
        var pages = new List<Answer> { await Payments.GetAsync("/v1/payments?limit=2") };
        while (pages[^1].Body.GetProperty("hasMore").GetBoolean())
            pages.Add(await Payments.GetAsync($"/v1/payments?limit=2&after={pages[^1].Text("nextCursor")}"));

        pages.SelectMany(OrdersOf).Should().Equal("order-4", "order-3", "order-2", "order-1", "order-0");
        pages[^1].Body.GetProperty("nextCursor").ValueKind.Should().Be(JsonValueKind.Null);

        var first = pages[0].Text("nextCursor");
        var oldest = await Payments.GetAsync($"/v1/payments?limit=1&after={pages[1].Text("nextCursor")}");
        OrdersOf(oldest).Should().Equal("order-0");
        OrdersOf(await Payments.GetAsync($"/v1/payments?limit=5&before={first}")).Should().Equal("order-4");
        var back = await Payments.GetAsync($"/v1/payments?limit=2&before={pages[1].Text("nextCursor")}");
        (OrdersOf(back).First(), back.Body.GetProperty("hasMore").GetBoolean()).Should().Be(("order-3", true));
        OrdersOf(await Payments.GetAsync($"/v1/payments?limit=2&before={back.Text("nextCursor")}"))
            .Should().Equal("order-4");
    }

    [Fact]
    public async Task An_entry_is_the_payment_as_it_is_read_alone()
    {
        var entries = (await Payments.GetAsync("/v1/payments")).Body.GetProperty("data").EnumerateArray();
        foreach (var entry in entries)
        {
            var alone = await Payments.GetAsync($"/v1/payments/{entry.GetProperty("payment_id").GetString()}");
            entry.GetRawText().Should().Be(alone.Body.GetRawText());
        }
    }

    [Theory]
    [InlineData("orderId=order-3", "order-3")]
    [InlineData("orderId=order", "")]
    [InlineData("status=Pending", "order-4,order-3,order-1")]
    [InlineData("status=Paid", "order-2")]
    [InlineData("status=Confirmed", "order-0")]
    [InlineData("status=Expired", "")]
    [InlineData("outcome=none", "order-4,order-3")]
    [InlineData("outcome=partial", "order-1")]
    [InlineData("outcome=exact", "order-0")]
    [InlineData("outcome=over", "order-2")]
    [InlineData("network=example-network", "order-4,order-3,order-2,order-1,order-0")]
    [InlineData("currency=USDC", "order-3")]
    [InlineData("currency=USDT&network=example-network&limit=2", "order-4,order-2")]
    [InlineData("currency=DAI", "")]
    [InlineData("metadata[customer]=c-1", "order-4,order-2")]
    [InlineData("metadata[customer]=c-1&metadata[plan]=gold%20%26%20more", "order-4")]
    [InlineData("metadata%5Bcustomer%5D=c-1&status=Paid", "order-2")]
    [InlineData("metadata[Customer]=c-1", "")]
    [InlineData("metadata[customer]=", "")]
    [InlineData("status=Pending&outcome=none&currency=USDT", "order-4")]
    public async Task Filters_leave_what_matches_all_of_them(string query, string orders)
    {
        OrdersOf(await Payments.GetAsync($"/v1/payments?{query}")).Should().Equal(
            orders.Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task The_bounds_of_creation_are_half_open_to_the_millisecond()
    {
        var third = (await Payments.GetAsync("/v1/payments?orderId=order-2")).Body.GetProperty("data")[0];
        var time = third.GetProperty("createdAt").GetDateTimeOffset();
        async Task<IEnumerable<string?>> ListAsync(string name, DateTimeOffset bound, string form = "O") => OrdersOf(
            await Payments.GetAsync($"/v1/payments?{name}={Uri.EscapeDataString(bound.ToString(form))}"));

        (await ListAsync("createdFrom", time)).Should().Equal("order-4", "order-3", "order-2");
        (await ListAsync("createdTo", time)).Should().Equal("order-1", "order-0");
        (await ListAsync("createdTo", time.AddTicks(1))).Should().Equal("order-2", "order-1", "order-0");
        (await ListAsync("createdFrom", time.AddTicks(1))).Should().Equal("order-4", "order-3");
        (await ListAsync("createdFrom", time.ToOffset(TimeSpan.FromHours(5)), "yyyy-MM-dd'T'HH:mm:ss.fffzzz"))
            .Should().Equal("order-4", "order-3", "order-2");
        (await ListAsync("createdFrom", DateTimeOffset.MinValue)).Should().HaveCount(5);
        (await ListAsync("createdTo", DateTimeOffset.MinValue)).Should().BeEmpty();
        (await ListAsync("createdTo", DateTimeOffset.MaxValue)).Should().HaveCount(5);
    }

    [Theory]
    [InlineData("limit=0", "?limit")]
    [InlineData("limit=101", "?limit")]
    [InlineData("limit=x", "?limit")]
    [InlineData("colour=red", "?colour")]
    [InlineData("OrderId=order-1", "?OrderId")]
    [InlineData("orderId=", "?orderId")]
    [InlineData("orderId=a%00b", "?orderId")]
    [InlineData("status=paid", "?status")]
    [InlineData("status=", "?status")]
    [InlineData("status=Paid&status=Pending", "?status")]
    [InlineData("outcome=Exact", "?outcome")]
    [InlineData("network=moon", "?network")]
    [InlineData("currency=usdt", "?currency")]
    [InlineData("createdFrom=2026-01-01", "?createdFrom")]
    [InlineData("createdFrom=2026-01-01T00:00:00", "?createdFrom")]
    [InlineData("createdTo=2026-01-01T00:00:00+01:00", "?createdTo")]
    [InlineData("createdTo=yesterday", "?createdTo")]
    [InlineData("metadata=x", "?metadata")]
    [InlineData("metadata[a]=1&metadata[a]=2", "?metadata[a]")]
    [InlineData("orderId[a]=1", "?orderId[a]")]
    public async Task What_is_no_filter_of_the_list_is_refused_by_name(string query, string pointer)
    {
        (await Payments.GetAsync($"/v1/payments?{query}")).Problem.Should().Be((422, "invalid_request", pointer));
    }

    [Fact]
    public async Task More_pairs_than_a_payment_has_are_refused()
    {
        var pairs = string.Join('&', Enumerable.Range(0, 21).Select(i => $"metadata[k{i}]=v"));
        (await Payments.GetAsync($"/v1/payments?{pairs}")).Problem.Should().Be(
            (422, "invalid_request", "?metadata[k20]"));
    }

    [Fact]
    public async Task A_cursor_is_good_for_its_own_list_merchant_and_environment_alone()
    {
        var page = await Payments.GetAsync("/v1/payments?limit=1");
        var cursor = page.Text("nextCursor");
        var id = page.Body.GetProperty("data")[0].GetProperty("payment_id").GetString();
        var live = Payments.Merchant with { Environment = "live" };
        var other = Payments.Merchant with { MerchantId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch) };

        foreach (var (path, merchant) in new[]
        {
            ("/v1/payments?after=", Payments.Merchant),
            ("/v1/payments?after=garbage", Payments.Merchant),
            ($"/v1/payments?before={cursor[..^1]}", Payments.Merchant),
            ($"/v1/payments?after={cursor}AAAA", Payments.Merchant),
            ($"/v1/payments?after={cursor}", live),
            ($"/v1/payments?after={cursor}", other),
            ($"/v1/unmatched-transfers?after={cursor}", Payments.Merchant),
            ($"/v1/payments/{id}/transfers?after={cursor}", Payments.Merchant),
            ($"/v1/payments/{id}/timeline?before={cursor}", Payments.Merchant),
        })
        {
            (await Payments.SendAsync(HttpMethod.Get, path, null, merchant)).Problem
                .Should().Be((422, "invalid_cursor", null), path);
        }
    }

    [Fact]
    public async Task Nobody_sees_anothers_payments_nor_those_of_the_other_environment()
    {
        var id = (await Payments.GetAsync("/v1/payments?limit=1")).Body.GetProperty("data")[0]
            .GetProperty("payment_id").GetString();
        foreach (var stranger in new[]
        {
            Payments.Merchant with { Environment = "live" },
            Payments.Merchant with { MerchantId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch) },
        })
        {
            var list = await Payments.SendAsync(HttpMethod.Get, "/v1/payments", null, stranger);
            list.Body.GetRawText().Should().Be("""{"data":[],"hasMore":false,"nextCursor":null}""");
            foreach (var part in new[] { "", "/transfers", "/timeline" })
            {
                (await Payments.SendAsync(HttpMethod.Get, $"/v1/payments/{id}{part}", null, stranger)).Problem
                    .Should().Be((404, "not_found", null));
            }
        }

        foreach (var part in new[] { "", "/transfers", "/timeline" })
        {
            (await Payments.GetAsync($"/v1/payments/pay_1{part}")).Problem.Should().Be((404, "not_found", null));
        }
    }

    [Theory]
    [InlineData("/v1/payments")]
    [InlineData("/v1/payments/pay_1/transfers")]
    [InlineData("/v1/payments/pay_1/timeline")]
    [InlineData("/v1/unmatched-transfers")]
    [InlineData("/v1/reports/payments.csv")]
    public async Task Each_needs_its_scope(string path)
    {
        var writer = Payments.Merchant with { Scopes = [Scopes.PaymentsWrite, Scopes.EventsRead] };
        (await Payments.SendAsync(HttpMethod.Get, path, null, writer)).Problem
            .Should().Be((403, "insufficient_scope", null));
    }

    private static IEnumerable<string?> OrdersOf(Answer list) => list.Body.GetProperty("data").EnumerateArray()
        .Select(payment => payment.GetProperty("orderId").GetString());
}

/// <summary>Five payments, oldest first: confirmed, partial, overpaid, in another currency, untouched.</summary>
public sealed class ListedPayments : IAsyncLifetime
{
    internal RunningPayments Payments { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Payments = await RunningPayments.StartAsync();
        await CreateAsync(0);
        await PayAsync("order-0", "10.5");
        await Payments.PostAsync("/v1/sandbox/networks/example-network/mine", """{"blocks": 2}""");
        await Payments.StatusAsync(await IdOfAsync("order-0"), "Confirmed");
        await CreateAsync(1);
        await PayAsync("order-1", "4");
        await CreateAsync(2, metadata: """{"customer": "c-1"}""");
        await PayAsync("order-2", "11");
        await Payments.StatusAsync(await IdOfAsync("order-2"), "Paid");
        await CreateAsync(3, "USDC");
        await CreateAsync(4, metadata: """{"customer": "c-1", "plan": "gold & more"}""");
    }

    public async ValueTask DisposeAsync() => await Payments.DisposeAsync();

    private async Task CreateAsync(int number, string currency = "USDT", string metadata = "{}")
    {
        // A millisecond of its own, which is as exact as times of creation are.
        var before = TimeProvider.System.GetUtcNow().AddMilliseconds(1);
        await Eventually.TrueAsync(() => TimeProvider.System.GetUtcNow() > before);
        var created = await Payments.PostAsync("/v1/payments", $$"""
            {"amount": 10.5, "currency": "{{currency}}", "network": "example-network", "orderId": "order-{{number}}",
             "metadata": {{metadata}}}
            """);
        created.Status.Should().Be(201);
    }

    private async Task PayAsync(string order, string amount) =>
        (await Payments.PostAsync($"/v1/sandbox/payments/{await IdOfAsync(order)}/pay", $$"""{"amount": {{amount}}}"""))
            .Status.Should().Be(200);

    private async Task<string> IdOfAsync(string order) =>
        (await Payments.GetAsync($"/v1/payments?orderId={order}")).Body.GetProperty("data")[0]
            .GetProperty("payment_id").GetString()!;
}
