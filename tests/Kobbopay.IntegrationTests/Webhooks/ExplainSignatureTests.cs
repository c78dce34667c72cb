using System.Text;
using System.Text.Json;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>Requests as a real receiver got them, spoilt as receivers spoil them.</summary>
public sealed class ExplainSignatureTests(EndpointTests.OneHouse one)
    : IClassFixture<EndpointTests.OneHouse>, IAsyncLifetime
{
    private WebhookReceiver _receiver = null!;

    private WebhooksHouse House => one.House;

    public async ValueTask InitializeAsync() => _receiver = await WebhookReceiver.StartAsync();

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    [Fact]
    public async Task A_request_as_it_was_received_is_valid_by_all_its_signatures()
    {
        var sent = await SendAsync();

        foreach (var answer in new[]
        {
            await sent.ExplainAsync(),
            await sent.ExplainAsync(sent.With(endpointId: sent.EndpointId, asBase64: true)),
        })
        {
            answer.Should().Be(sent.Matched("valid", "webhook-signature"));
            sent.Signatures.Should().Equal(
                sent.Matched("valid", "webhook-signature"),
                sent.Matched("valid", "X-Kobbopay-Signature"),
                sent.Matched("valid", "X-Signature"));
        }
    }

    [Theory]
    [InlineData("webhook-id", "webhook-signature")]
    [InlineData("webhook-timestamp", "webhook-signature")]
    [InlineData("x-kobbopay-timestamp", "X-Kobbopay-Signature")]
    public async Task A_missing_header_is_named(string header, string signature)
    {
        var sent = await SendAsync();
        var request = sent.With();
        request.Headers.Remove(header).Should().BeTrue();

        var answer = await sent.ExplainAsync(request);

        answer.Should().Be(new Finding("header_missing", signature, answer.FaultyHeader, false, null, null, null));
        answer.FaultyHeader.Should().BeEquivalentTo(header);
        sent.Signatures.Where(finding => finding.Verdict == "valid").Should().HaveCount(2);
    }

    [Fact]
    public async Task Without_any_signature_all_three_are_named()
    {
        var sent = await SendAsync();
        var request = sent.With();
        foreach (var header in new[] { "webhook-signature", "X-Kobbopay-Signature", "X-Signature" })
            request.Headers.Remove(header).Should().BeTrue();

        var answer = await sent.ExplainAsync(request);

        answer.Should().Be(new Finding("header_missing", null, "webhook-signature", false, null, null, null));
        sent.Explanation.Should().Contain("webhook-signature, X-Kobbopay-Signature, X-Signature");
        sent.Signatures.Should().BeEmpty();
    }

    [Theory]
    [InlineData("webhook-signature", "v2,abc", "webhook-signature", "v1, and base64")]
    [InlineData("webhook-timestamp", "yesterday", "webhook-signature", "unix seconds")]
    [InlineData("X-Kobbopay-Signature", "sha256=abc", "X-Kobbopay-Signature", "64 lower-case hexadecimal digits")]
    [InlineData("X-Kobbopay-Timestamp", "1.5", "X-Kobbopay-Signature", "unix seconds")]
    [InlineData("X-Signature", "", "X-Signature", "64 lower-case hexadecimal digits")]
    public async Task A_malformed_header_is_named(string header, string value, string signature, string words)
    {
        var sent = await SendAsync();

        var answer = await sent.ExplainAsync(sent.With(header, value));

        answer.Should().Be(new Finding("malformed_header", signature, header, false, null, null, null));
        sent.Explanation.Should().Contain(words);
    }

    [Theory]
    [InlineData(412, "412 s old")]
    [InlineData(-412, "412 s ahead")]
    public async Task A_time_too_far_from_the_receivers_is_told_from_a_wrong_signature(int age, string words)
    {
        var sent = await SendAsync();
        var request = sent.With() with { ReceivedAt = sent.SentAt.AddSeconds(age).ToString("O") };

        var answer = await sent.ExplainAsync(request);

        var expected = sent.Matched("timestamp_out_of_tolerance", "webhook-signature") with
        {
            FaultyHeader = "webhook-timestamp",
        };
        answer.Should().Be(expected);
        sent.Age.Should().Be(age);
        sent.Explanation.Should().Contain("The signature is right.").And.Contain(words);
        sent.Signatures.Should().Equal(
            expected,
            expected with { Header = "X-Kobbopay-Signature", FaultyHeader = "X-Kobbopay-Timestamp" },
            sent.Matched("valid", "X-Signature"));
    }

    [Theory]
    [InlineData("\ufeff", "", "byte_order_mark")]
    [InlineData("", "\n", "trailing_newline")]
    [InlineData("", "\r\n", "trailing_newline")]
    [InlineData("", " ", "same_json")]
    public async Task A_body_with_something_around_it_is_told_from_what_was_sent(
        string before, string after, string difference) =>
        await IsOtherBodyAsync(text => before + text + after, difference);

    [Fact]
    public async Task A_body_that_was_converted_printed_again_cut_or_changed_is_told_from_what_was_sent()
    {
        await IsOtherBodyAsync(text => text.Replace("\n", "\r\n", StringComparison.Ordinal), "line_endings");
        await IsOtherBodyAsync(text => JsonSerializer.Serialize(JsonElement.Parse(text)), "same_json");
        await IsOtherBodyAsync(text => text[..20], "truncated");
        await IsOtherBodyAsync(_ => "", "empty");
        await IsOtherBodyAsync(text => text.Replace("Größe", "Gr??e", StringComparison.Ordinal), "other_content");
        await IsOtherBodyAsync(_ => "[1", "other_content");
    }

    [Fact]
    public async Task The_secret_of_another_endpoint_is_named()
    {
        var sent = await SendAsync();
        var other = await sent.Merchant.EndpointAsync(new Uri("https://shop.example/"));

        var answer = await sent.ExplainAsync(sent.With(endpointId: other.Text("id")));

        answer.Should().Be(sent.Matched("other_endpoint", "webhook-signature"));
        sent.Explanation.Should().Contain(sent.EndpointId).And.Contain(other.Text("id"));
    }

    [Fact]
    public async Task The_secret_of_the_merchants_other_environment_is_told_and_nothing_else_of_it()
    {
        var test = House.NewMerchant();
        var live = test with { Identity = test.Identity with { Environment = "live" } };
        var endpoint = await live.EndpointAsync(new Uri("https://shop.example/"));
        var sent = Sign(test, endpoint);

        var answer = await sent.ExplainAsync();

        answer.Should().Be(new Finding("wrong_environment", "webhook-signature", null, true, null, null, null));
        sent.Explanation.Should().Contain("your live environment");
        sent.Raw.Should().NotContain("whe_");
        // The same request and somebody else's key: nothing is known of it.
        var stranger = Sign(House.NewMerchant(), endpoint);
        (await stranger.ExplainAsync()).Verdict.Should().Be("delivery_unknown");
    }

    [Fact]
    public async Task To_another_merchant_or_in_the_other_environment_nothing_is_known_of_an_event()
    {
        var sent = await SendAsync();
        var nobodys = await Sign(House.NewMerchant(), sent.Endpoint).ExplainAsync();

        foreach (var stranger in new[] { House.NewMerchant(), House.NewMerchant("live") })
        {
            var theirs = sent with { Merchant = stranger };
            await stranger.EndpointAsync(new Uri("https://stranger.example/"));
            (await theirs.ExplainAsync()).Should().Be(nobodys);
            (await theirs.ExplainAsync(theirs.With(body: "{}"))).Should().Be(nobodys);
            var refused = await theirs.PostAsync(theirs.With(endpointId: sent.EndpointId));
            refused.Body.GetProperty("errors")[0].GetRawText().Should().Be(
                """{"pointer":"/endpointId","code":"unknown_value","message":"There is no such webhook endpoint."}""");
        }

        // The owner's other environment learns that the secret is the other one's, and nothing of the event.
        var across = sent with
        {
            Merchant = sent.Merchant with { Identity = sent.Merchant.Identity with { Environment = "live" } },
        };
        (await across.ExplainAsync()).Verdict.Should().Be("wrong_environment");
        (await across.ExplainAsync(across.With(body: "{}"))).Should().Be(nobodys);
        nobodys.Should().Be(new Finding("delivery_unknown", "webhook-signature", null, false, null, null, null));
    }

    [Fact]
    public async Task A_known_event_with_another_signature_is_unknown_and_an_unknown_delivery_is_told()
    {
        var sent = await SendAsync();
        const string zeros = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        var forged = sent.With("webhook-signature", zeros);

        (await sent.ExplainAsync(forged)).Should().Be(
            new Finding("unknown_signature", "webhook-signature", null, false, null, null, null));
        forged.Headers["X-Kobbopay-Delivery-Id"] = Id.Format(Id.Delivery, Guid.AllBitsSet);
        (await sent.ExplainAsync(forged)).Verdict.Should().Be("delivery_unknown");

        var nameless = new ExplainRequest(
            new() { ["X-Signature"] = new string('0', 64) }, "{}", null, null, null);
        (await sent.ExplainAsync(nameless)).Verdict.Should().Be("unknown_signature");
        sent.Explanation.Should().Contain("With the id of the event among the headers");
    }

    private async Task IsOtherBodyAsync(Func<string, string> spoil, string difference)
    {
        var sent = await SendAsync();

        var answer = await sent.ExplainAsync(sent.With(body: spoil(Encoding.UTF8.GetString(sent.Body))));

        var expected = sent.Matched("body_reserialized", "webhook-signature") with
        {
            SignatureMatches = false,
            BodyDifference = difference,
        };
        answer.Should().Be(expected);
        sent.Signatures.Should().Equal(
            expected, expected with { Header = "X-Kobbopay-Signature" }, expected with { Header = "X-Signature" });
        sent.Explanation.Should().Contain($"the {sent.Body.Length} bytes that were sent");
    }

    private async Task<Sent> SendAsync()
    {
        var merchant = House.NewMerchant();
        var path = $"/{Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}";
        var endpoint = await merchant.EndpointAsync(new Uri(_receiver.Url, path));
        await merchant.PublishAsync();
        var received = await Eventually.GetAsync(
            () => Task.FromResult(_receiver.Requests.SingleOrDefault(request => request.Path == path)),
            request => request is not null);
        return new Sent(merchant, endpoint, received!.Headers, received.Body);
    }

    /// <summary>A request as that endpoint would get it, of an event that nobody knows.</summary>
    private static Sent Sign(TestMerchant asking, Answer endpoint)
    {
        var body = "{}"u8.ToArray();
        var eventId = Id.Format(Id.Event, Id.New(TimeProvider.System));
        var headers = WebhookSignature.Sign(
            eventId, TimeProvider.System.GetUtcNow(), body, endpoint.Text("secret"));
        return new Sent(asking, endpoint, new Dictionary<string, string>(headers), body);
    }
}
