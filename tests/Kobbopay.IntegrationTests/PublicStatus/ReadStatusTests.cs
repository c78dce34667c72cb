using System.Net;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;

namespace Kobbopay.IntegrationTests.PublicStatus;

public sealed class ReadStatusTests(RunningPublicStatus service) : IClassFixture<RunningPublicStatus>
{
    private static readonly HashSet<string> Differing =
        new(["Date", "X-Request-Id", "Transfer-Encoding", "Content-Length"], StringComparer.OrdinalIgnoreCase);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_answer_is_exactly_the_closed_list_of_fields()
    {
        var view = service.NewView() with
        {
            Version = 2,
            Status = "Paid",
            Outcome = "exact",
            Received = "10.5",
            Missing = "0",
            Confirmations = 1,
            Transfers = [new PublicTransfer("0xabc", null, "10.5", 1)],
        };
        service.Payments.Views[view.Token] = view;

        using var response = await service.ReadAsync(view.Token);

        var now = service.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
        var expires = view.ExpiresAt.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
        var expected = JsonNode.Parse($$"""
            {
              "environment": "test", "merchant": "Tea & Toast", "amount": "10.5", "currency": "USDT",
              "network": "example-network", "networkName": "Example Network", "contract": null,
              "address": "ex1q0c3xk7w2m9v5t8r4p6n1l3j5h7g9f2d4s6a8",
              "paymentUri": "example:ex1q0c3xk7w2m9v5t8r4p6n1l3j5h7g9f2d4s6a8?amount=10.5",
              "status": "Paid", "outcome": "exact", "late": false, "received": "10.5", "missing": "0",
              "confirmations": 1, "required": 3, "delayed": false, "expiresAt": "{{expires}}", "serverTime": "{{now}}",
              "guidance": "We have seen your payment; you need do nothing more while Example Network confirms it.",
              "returnUrl": "https://shop.example/thanks?order=1&x=<2>",
              "transfers": [{ "txHash": "0xabc", "explorerUrl": null, "amount": "10.5", "confirmations": 1 }]
            }
            """)!;
        var actual = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;
        actual.ToJsonString().Should().Be(expected.ToJsonString());
        HeadersOf(response).Should().BeEquivalentTo(
            "Access-Control-Allow-Origin: *",
            "Access-Control-Expose-Headers: ETag, Retry-After, X-Request-Id",
            "Cache-Control: no-cache",
            "Content-Language: en",
            "Content-Type: application/json; charset=utf-8",
            "ETag: W/\"2.0\"",
            "Vary: Accept-Language");
    }

    [Fact]
    public async Task A_reader_who_has_the_newest_version_gets_304_until_there_is_news()
    {
        var view = service.NewView();
        service.Payments.Views[view.Token] = view;
        using var first = await service.ReadAsync(view.Token);
        var etag = first.Headers.ETag!.ToString();
        etag.Should().Be("W/\"1.0\"");

        using var again = await service.ReadAsync(view.Token, etag);
        again.StatusCode.Should().Be(HttpStatusCode.NotModified);
        (await again.Content.ReadAsByteArrayAsync(Cancellation)).Should().BeEmpty();
        HeadersOf(again).Should().BeEquivalentTo(
            "Access-Control-Allow-Origin: *",
            "Access-Control-Expose-Headers: ETag, Retry-After, X-Request-Id",
            "Cache-Control: no-cache",
            "Content-Language: en",
            "ETag: W/\"1.0\"",
            "Vary: Accept-Language");

        service.Payments.Views[view.Token] = view with { Progress = 1, Delayed = true };
        service.Clock.Advance(TimeSpan.FromSeconds(10));
        using var news = await service.ReadAsync(view.Token, etag);
        news.StatusCode.Should().Be(HttpStatusCode.OK);
        news.Headers.ETag!.ToString().Should().Be("W/\"1.1\"");
    }

    [Fact]
    public async Task The_end_of_the_time_to_pay_is_news_too()
    {
        var view = service.NewView() with { ExpiresAt = service.Clock.GetUtcNow().AddSeconds(5) };
        service.Payments.Views[view.Token] = view;
        using var before = await service.ReadAsync(view.Token);

        service.Clock.Advance(TimeSpan.FromSeconds(5));

        using var after = await service.ReadAsync(view.Token, before.Headers.ETag!.ToString());
        after.StatusCode.Should().Be(HttpStatusCode.OK);
        (await after.Content.ReadAsStringAsync(Cancellation)).Should().Contain("do not send anything now");
    }

    [Fact]
    public async Task Any_origin_may_ask_with_an_etag()
    {
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/public/payments/pst_1");
        preflight.Headers.Add("Origin", "https://shop.example");
        preflight.Headers.Add("Access-Control-Request-Method", "GET");
        preflight.Headers.Add("Access-Control-Request-Headers", "if-none-match");

        using var response = await service.Http.SendAsync(preflight, Cancellation);

        response.StatusCode.Should().Be(HttpStatusCode.NoContent);
        HeadersOf(response).Should().BeEquivalentTo(
            "Access-Control-Allow-Headers: If-None-Match, Cache-Control",
            "Access-Control-Allow-Methods: GET, HEAD",
            "Access-Control-Allow-Origin: *",
            "Access-Control-Expose-Headers: ETag, Retry-After, X-Request-Id",
            "Access-Control-Max-Age: 86400");
    }

    [Fact]
    public async Task Every_unknown_token_gets_the_same_answer()
    {
        var known = service.NewView();
        service.Payments.Views[known.Token] = known;
        await service.ReadJsonAsync(known.Token);
        var wellFormed = await AnswerAsync("pst_zzzzzzzzzzzzzzzzzzzzzzzzzz");
        wellFormed.Should().StartWith("404\n").And.Contain("\"code\":\"not_found\"");

        (await AnswerAsync("pst_zzzzzzzzzzzzzzzzzzzzzzzzzz")).Should().Be(wellFormed, "it is remembered");
        (await AnswerAsync(known.Token[..^1])).Should().Be(wellFormed);
        (await AnswerAsync(known.Token.ToUpperInvariant())).Should().Be(wellFormed);
        (await AnswerAsync($"pst_{known.Token[4..].ToUpperInvariant()}")).Should().Be(wellFormed);
        (await AnswerAsync(known.Token + "0")).Should().Be(wellFormed);
        (await AnswerAsync("pst_" + new string('z', 2_000))).Should().Be(wellFormed);
        (await AnswerAsync("pst_1")).Should().Be(wellFormed);
        (await AnswerAsync("pay_01hzzzzzzzzzzzzzzzzzzzzzzz")).Should().Be(wellFormed);
        (await AnswerAsync("..%2f..%2fhealth")).Should().Be(wellFormed);
        (await AnswerAsync("%27%3bdrop%20table")).Should().Be(wellFormed);

        async Task<string> AnswerAsync(string token)
        {
            using var response = await service.ReadAsync(token);
            var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!.AsObject();
            problem["instance"]!.ToString().Should().StartWith("/v1/public/payments/");
            problem["requestId"]!.ToString().Should().StartWith("req_");
            problem.Remove("instance");
            problem.Remove("requestId");
            string[] answer = [$"{(int)response.StatusCode}", .. HeadersOf(response), problem.ToJsonString()];
            return string.Join('\n', answer);
        }
    }

    /// <summary>All but what differs from answer to answer.</summary>
    private static string[] HeadersOf(HttpResponseMessage response) =>
    [
        .. response.Headers.Concat(response.Content.Headers)
            .Where(header => !Differing.Contains(header.Key))
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}")
            .Order(StringComparer.Ordinal),
    ];
}
