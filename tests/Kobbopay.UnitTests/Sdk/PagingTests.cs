using Kobbopay.Client;

namespace Kobbopay.UnitTests.Sdk;

public sealed class PagingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_is_walked_to_its_end_and_a_page_is_fetched_when_it_is_wanted()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(200, Page("c1", "pay_1", "pay_2")).Answers(200, Page("c2", "pay_3"))
            .Answers(200, Page(null, "pay_4"));

        var seen = new List<string>();
        var filter = new PaymentFilter
        {
            Status = PaymentStatuses.Pending,
            Metadata = new Dictionary<string, string> { ["a b"] = "c&d" },
        };
        await foreach (var one in server.Client.Payments.ListAsync(filter, pageSize: 2, Token))
        {
            server.Requests.Should().HaveCount(seen.Count < 2 ? 1 : seen.Count, "no page is fetched ahead");
            seen.Add(one.PaymentId);
        }

        seen.Should().Equal("pay_1", "pay_2", "pay_3", "pay_4");
        const string Filter = "?status=Pending&metadata%5Ba%20b%5D=c%26d&limit=2";
        server.Requests.Select(request => request.Query)
            .Should().Equal(Filter, Filter + "&after=c1", Filter + "&after=c2");
    }

    [Fact]
    public async Task A_page_that_fails_is_tried_again_and_nothing_is_seen_twice()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(200, Page("c1", "pay_1")).Refuses(503, "service_unavailable", retryable: true)
            .Answers(200, Page(null, "pay_2"));

        var all = await server.Client.Payments.ListAsync(cancellationToken: Token)
            .Select(one => one.PaymentId).ToListAsync(Token).AsTask();

        all.Should().Equal("pay_1", "pay_2");
    }

    [Fact]
    public async Task A_server_that_gives_the_same_cursor_again_does_not_hold_the_client_for_ever()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(200, Page("c1", "pay_1"));

        var all = await server.Client.Payments.ListAsync(cancellationToken: Token).ToListAsync(Token);

        all.Should().HaveCount(2);
    }

    [Fact]
    public async Task Times_in_a_filter_are_exact_and_in_UTC()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(200, Page(null));
        var time = new DateTimeOffset(2026, 1, 1, 2, 0, 0, TimeSpan.FromHours(2)).AddTicks(1_234_567);

        await server.Client.Payments.ListPageAsync(
            new PaymentFilter { CreatedFrom = time }, new PageRequest { Before = "c9" }, Token);

        server.Requests[0].Query.Should().Be("?createdFrom=2026-01-01T00%3A00%3A00.1234567Z&before=c9");
    }

    private static string Page(string? next, params string[] ids) =>
        $$"""
        {"data":[{{string.Join(',', ids.Select(id => Samples.Payment(id)))}}],
         "hasMore":{{(next is null ? "false" : "true")}},"nextCursor":{{(next is null ? "null" : $"\"{next}\"")}}}
        """;
}
