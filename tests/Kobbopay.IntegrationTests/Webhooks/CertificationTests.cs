using System.Collections.Concurrent;
using System.Text;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>What a certification finds: each receiver fails in what it does wrong, and in nothing else.</summary>
public sealed class CertificationTests(EndpointTests.OneHouse one)
    : IClassFixture<EndpointTests.OneHouse>, IAsyncLifetime
{
    private readonly string _secret = WebhookSecret.Create();
    private WebhookReceiver _receiver = null!;

    private WebhooksHouse House => one.House;

    public async ValueTask InitializeAsync() => _receiver = await WebhookReceiver.StartAsync();

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    [Theory]
    [InlineData("node")]
    [InlineData("dotnet")]
    public async Task A_sample_passes_everything_and_others_hear_of_it(string program)
    {
        var certified = await Told<ReceiverCertified>.ListenAsync(House);
        var audited = await Told<AuditRecorded>.ListenAsync(House);
        var (sample, url) = await Certifying.StartSampleAsync(program, _secret);
        await using var _ = sample;
        var (merchant, endpoint) = await Certifying.MerchantAsync(House, url, _secret);

        var report = await merchant.PostAsync(Certifying.Route, new { endpoint });

        report.Status.Should().Be(201, report.Body.ToString());
        report.Results().Should().Equal(
            "valid_event passed", "duplicate passed", "out_of_order passed", "stale_timestamp passed",
            "wrong_signature passed", "altered_body passed", "rotation passed", "unsigned passed", "slow_body passed",
            "body_signature passed", "answer_time passed");
        report.Text("status").Should().Be("passed");
        report.Text("endpoint").Should().Be(endpoint);
        report.Text("url").Should().Be(url.ToString());
        report.Location.Should().Be($"{Certifying.Route}/{report.Text("id")}");
        report.Checks().Should().OnlyContain(check => check.GetProperty("advice").GetString() == null);
        (await audited.OfAsync(merchant, 1)).Should().Equal(
            $$"""receiver.certified {{report.Text("id")}} {"url":"{{url}}","endpoint":"{{endpoint}}"}""");
        var heard = (await Eventually.SeeAsync(() => certified.Messages, messages => messages.Count > 0))
            .Should().ContainSingle().Subject;
        (Id.Format(Id.Certification, heard.CertificationId), heard.MerchantId,
            Id.Format(Id.WebhookEndpoint, heard.EndpointId))
            .Should().Be((report.Text("id"), merchant.Identity.MerchantId, endpoint));
    }

    [Fact]
    public async Task What_is_sent_is_what_a_delivery_sends()
    {
        _receiver.Judge = request => Certifying.Right(request, _secret);
        var (merchant, endpoint) = await Certifying.MerchantAsync(House, _receiver.Url, _secret);
        await merchant.PatchAsync(
            $"/v1/webhook-endpoints/{endpoint}",
            new { bodySignature = true, headers = new Dictionary<string, string> { ["X-Shop"] = "mine" } });

        var report = await merchant.PostAsync(Certifying.Route);

        report.Text("status").Should().Be("passed");
        report.Faults().Should().Equal("body_signature warning: on");
        report.AdviceFor("body_signature").Should().StartWith("Set bodySignature to false ");
        var sent = _receiver.Requests;
        sent.Should().HaveCount(10).And.OnlyContain(request =>
            request.Headers["X-Shop"] == "mine" && request.Headers["User-Agent"] == "Kobbopay-Webhooks/1.0"
            && request.Headers["Content-Type"] == "application/json" && request.Headers.ContainsKey("traceparent"));
        sent[0].Verify(_secret).Values.Should().OnlyContain(verdict => verdict == WebhookVerdict.Valid);
        var webhook = KobbopayEvent.Parse(sent[0].Body);
        webhook.Should().BeEquivalentTo(
            new
            {
                Id = sent[0].Headers[WebhookHeaders.EventId],
                Type = "payment.paid",
                ApiVersion = "v1",
                Environment = "test",
                Sequence = (long?)null,
                Object = "payment",
                OrderId = $"certification-{report.Text("id")}",
                Version = (long?)2,
                Status = "Paid",
                PreviousStatus = "Pending",
                Transition = "Pending->Paid",
            });
        (sent[1].Body, sent[1].Headers[WebhookHeaders.DeliveryId])
            .Should().BeEquivalentTo((sent[0].Body, sent[0].Headers[WebhookHeaders.DeliveryId]));
        sent.Take(2..4).Select(request => KobbopayEvent.Parse(request.Body)).Select(late => (late.Status, late.Version))
            .Should().Equal(("Confirmed", 3), ("Paid", 2));
        sent[7].Headers[WebhookHeaders.StandardSignature].Split(' ').Should().HaveCount(2);
        sent[8].Headers.Keys.Should().NotContain(name =>
            name.EndsWith("signature", StringComparison.OrdinalIgnoreCase));
        (await House.QueryAsync<long>("select count(*) from deliveries")).Should().Be(0, "it is no delivery");
    }

    [Fact]
    public async Task A_receiver_that_takes_everything_fails_where_it_should_refuse()
    {
        var audited = await Told<AuditRecorded>.ListenAsync(House);
        var (merchant, report) = await RunAsync(request => WebhookAnswer.Of(200) with { Body = "thanks" });

        report.Text("status").Should().Be("failed");
        report.Faults().Should().Equal(
            "stale_timestamp failed: 200: thanks", "wrong_signature failed: 200: thanks",
            "altered_body failed: 200: thanks", "unsigned failed: 200: thanks");
        report.AdviceFor("stale_timestamp").Should().StartWith(
            "Compare the timestamp with your clock and refuse what is older than 300 s: ");
        report.AdviceFor("unsigned").Should().StartWith("Answer 400 or 401 when there is no signature header");
        (await audited.OfAsync(merchant, 1)).Should().ContainSingle().Which.Should()
            .StartWith("receiver.certification_failed crt_").And.EndWith(
                """["stale_timestamp","wrong_signature","altered_body","unsigned"]}""");
    }

    [Fact]
    public async Task A_receiver_that_refuses_what_it_has_had_fails_with_duplicates_and_old_versions()
    {
        var seen = new ConcurrentDictionary<string, bool>();
        var newest = new ConcurrentDictionary<string, long>();
        var (_, report) = await RunAsync(request =>
        {
            if (Certifying.Right(request, _secret) is { Status: not 200 } refusal)
                return refusal;
            var webhook = KobbopayEvent.Parse(request.Body);
            var latest = newest.AddOrUpdate(
                webhook.PaymentId!, webhook.Version!.Value, (_, known) => Math.Max(known, webhook.Version!.Value));
            return WebhookAnswer.Of(seen.TryAdd(webhook.Id, true) && latest == webhook.Version ? 200 : 409);
        });

        report.Faults().Should().Equal("duplicate failed: 409", "out_of_order failed: 409");
        report.AdviceFor("duplicate").Should().StartWith("Answer 2xx to an event whose id you have had, ");
    }

    [Fact]
    public async Task A_receiver_that_looks_at_the_first_signature_alone_fails_with_a_rotation()
    {
        var (_, report) = await RunAsync(request => Certifying.WithOneSignature(request, _secret));

        report.Faults().Should().Equal("rotation failed: 401: SignatureMismatch");
        report.AdviceFor("rotation").Should().StartWith("Try each entry of webhook-signature, wherever it stands, ");
    }

    [Fact]
    public async Task A_receiver_without_a_clock_fails_with_old_requests()
    {
        var (_, report) = await RunAsync(request => Certifying.WithoutClock(request, _secret));

        report.Faults().Should().Equal("stale_timestamp failed: 200");
    }

    [Fact]
    public async Task A_receiver_that_breaks_or_hangs_at_a_bad_request_is_told_to_answer_it()
    {
        var (_, report) = await RunAsync(request =>
            Certifying.Right(request, _secret) is { Status: not 200 } refusal
                ? request.Headers.ContainsKey(WebhookHeaders.StandardSignature)
                    ? WebhookAnswer.Of(500)
                    : refusal.After(TimeSpan.FromSeconds(8))
                : WebhookAnswer.Of(200));

        report.Faults().Should().Equal(
            "stale_timestamp failed: 500", "wrong_signature failed: 500", "altered_body failed: 500",
            "unsigned failed: no answer within 5 s", "answer_time failed: no answer within 5 s");
        report.AdviceFor("altered_body").Should().StartWith("Your receiver failed at a request that it should refuse");
        report.AdviceFor("unsigned").Should().StartWith("Answer a request that you refuse too, ");
    }

    [Fact]
    public async Task Slow_answers_are_a_warning_and_a_limiter_hides_what_a_receiver_thinks()
    {
        var (_, report) = await RunAsync(request => Certifying.Right(request, _secret) is { Status: 200 }
            ? WebhookAnswer.Of(200).After(TimeSpan.FromSeconds(1.1))
            : WebhookAnswer.Of(429));

        report.Faults().Should().HaveCount(5);
        report.Faults()[..4].Should().Equal(
            "stale_timestamp failed: 429", "wrong_signature failed: 429", "altered_body failed: 429",
            "unsigned failed: 429");
        report.Faults()[4].Should().MatchRegex("^answer_time warning: the slowest took 1[1-9][0-9]{2} ms$");
        report.AdviceFor("answer_time").Should().StartWith("Answer first and work later: ");
        report.AdviceFor("unsigned").Should().StartWith("Your receiver limits requests, ");
    }

    [Fact]
    public async Task A_receiver_that_hangs_costs_a_run_of_limited_length()
    {
        var began = TimeProvider.System.GetTimestamp();
        _receiver.Answers(WebhookAnswer.Of(200));
        var (_, report) = await RunAsync(_ => WebhookAnswer.Of(200).After(TimeSpan.FromSeconds(8)));

        TimeProvider.System.GetElapsedTime(began).Should().BeLessThan(TimeSpan.FromSeconds(45));
        report.Results().Should().HaveCount(11);
        report.Faults().Should().HaveCount(9);
        report.Faults()[0].Should().Be("duplicate failed: no answer within 5 s");
        report.Faults()[7..].Should().Equal(
            "slow_body failed: not tried: the checks before took 30 s", "answer_time failed: no answer within 5 s");
    }

    [Fact]
    public async Task An_answer_that_does_not_end_is_too_slow_whatever_its_status()
    {
        var isFirst = true;
        await using var raw = RawReceiver.Start(async (connection, stop) =>
        {
            var length = isFirst ? 1 : 0;
            isFirst = false;
            await connection.WriteAsync(
                Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"), stop);
        });
        var (merchant, _) = await Certifying.MerchantAsync(House, raw.Url, _secret);

        var report = await merchant.PostAsync(Certifying.Route);

        report.Faults()[^1].Should().StartWith("answer_time failed: the slowest took 5");
    }

    [Fact]
    public async Task Who_can_not_be_reached_is_tried_once()
    {
        await _receiver.DisposeAsync();
        var (merchant, _) = await Certifying.MerchantAsync(House, _receiver.Url, _secret);

        var report = await merchant.PostAsync(Certifying.Route);

        report.Results().Should().Equal("valid_event failed", "body_signature passed");
        report.Faults().Should().Equal("valid_event failed: no answer: connection_refused");
        report.AdviceFor("valid_event").Should().Contain("connection_refused");
    }

    private async Task<(TestMerchant Merchant, Answer Report)> RunAsync(Func<ReceivedWebhook, WebhookAnswer> receiver)
    {
        _receiver.Judge = receiver;
        var (merchant, endpoint) = await Certifying.MerchantAsync(House, _receiver.Url, _secret);
        var report = await merchant.PostAsync(Certifying.Route, new { endpoint });
        report.Status.Should().Be(201, report.Body.ToString());
        return (merchant, report);
    }
}
