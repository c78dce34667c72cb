using System.Net;
using System.Text;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.ClientSamples;

/// <summary>Both sample receivers as real processes, spoken to over HTTP.</summary>
public sealed class ReceiverSampleTests
{
    private const string Old = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string New = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private const string Line = "payment.paid payment_id=pay_1 orderId=order-€ sequence=2 "
        + "signatures=webhook-signature,x-kobbopay-signature,x-signature";

    // Spaces and a character of three bytes: what is signed are the bytes, not what a parser makes of them.
    private static readonly byte[] Body = Encoding.UTF8.GetBytes(
        """{ "id": "evt_1", "type": "payment.paid", "sequence": 2, "payment_id": "pay_1", "orderId": "order-€" }""");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Theory]
    [InlineData(Sample.Node)]
    [InlineData(Sample.CSharp)]
    public async Task A_signed_request_is_printed_once_a_duplicate_answered_200_and_a_tampered_one_400(Sample sample)
    {
        await using var receiver = await SampleProcess.Start(sample, Old, Cancellation);
        var signed = WebhookSignature.Sign("evt_1", Now, Body, Old);
        byte[] tampered = [.. Body];
        tampered[^4]++;

        (await receiver.Post(signed, Body, Cancellation)).Status.Should().Be(HttpStatusCode.OK);
        (await receiver.NextLine(Cancellation)).Should().Be("verified " + Line);

        (await receiver.Post(signed, Body, Cancellation)).Status.Should().Be(HttpStatusCode.OK);
        (await receiver.NextLine(Cancellation)).Should().Be("duplicate " + Line);

        var (status, cause) = await receiver.Post(signed, tampered, Cancellation);
        status.Should().Be(HttpStatusCode.BadRequest);
        cause.Should().ContainEquivalentOf("the header webhook-signature matches none of the secrets");
        (await receiver.NextLine(Cancellation)).Should().Be($"refused: {cause}");
    }

    [Theory]
    [InlineData(Sample.Node)]
    [InlineData(Sample.CSharp)]
    public async Task What_can_not_be_trusted_is_refused_with_its_cause(Sample sample)
    {
        await using var receiver = await SampleProcess.Start(sample, Old, Cancellation);
        var signed = WebhookSignature.Sign("evt_1", Now, Body, Old);
        var stale = WebhookSignature.Sign("evt_1", Now.AddSeconds(-330), Body, Old);
        var shortened = With(signed, WebhookHeaders.BodySignature, "abc");
        var wrongBodyOnly = With(signed, WebhookHeaders.BodySignature, new string('0', 64));

        (await Refusal(receiver, stale)).Should().ContainEquivalentOf("the header webhook-timestamp is");
        (await Refusal(receiver, signed.Where(header => header.Key == WebhookHeaders.BodySignature)))
            .Should().Contain("webhook-signature").And.Contain("missing");
        (await Refusal(receiver, signed.Where(header => header.Key != WebhookHeaders.StandardTimestamp)))
            .Should().Contain("webhook-timestamp").And.Contain("missing");
        (await Refusal(receiver, shortened)).Should().Contain(WebhookHeaders.BodySignature.ToLowerInvariant());
        (await Refusal(receiver, wrongBodyOnly)).Should().Contain("matches none of the secrets");
        (await Refusal(receiver, signed, "[]"u8.ToArray())).Should().Contain("does not begin with {");
    }

    [Theory]
    [InlineData(Sample.Node, Old)]
    [InlineData(Sample.Node, New)]
    [InlineData(Sample.Node, Old + ", " + New)]
    [InlineData(Sample.CSharp, Old)]
    [InlineData(Sample.CSharp, New)]
    [InlineData(Sample.CSharp, Old + ", " + New)]
    public async Task During_a_rotation_the_old_secret_the_new_one_or_both_verify(Sample sample, string secrets)
    {
        await using var receiver = await SampleProcess.Start(sample, secrets, Cancellation);

        var (status, _) = await receiver.Post(WebhookSignature.Sign("evt_1", Now, Body, Old, New), Body, Cancellation);

        status.Should().Be(HttpStatusCode.OK);
        (await receiver.NextLine(Cancellation)).Should().Be("verified " + Line);
    }

    [Fact]
    public async Task The_endpoint_helper_ships_a_confirmed_order_once_and_refuses_what_is_not_signed()
    {
        await using var receiver = await SampleProcess.Start(Sample.CSharp, Old + "," + New, Cancellation);
        var body = Encoding.UTF8.GetBytes(
            """
            {"id":"evt_7","type":"payment.confirmed","apiVersion":"v1","environment":"test","sequence":7,
             "createdAt":"2026-01-31T00:00:00.000Z","object":"payment","payment_id":"pay_7","orderId":"order-7",
             "version":3,"status":"Confirmed","previousStatus":"Paid","transition":"Paid->Confirmed","data":{}}
            """);
        var other = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace("7", "8", StringComparison.Ordinal));
        async Task<HttpStatusCode> PostAsync(byte[] bytes, string secret) => (await receiver.Post(
            WebhookSignature.Sign("evt_7", Now, bytes, secret), bytes, Cancellation, "/events")).Status;

        (await PostAsync(body, WebhookSecret.Create())).Should().Be(HttpStatusCode.Unauthorized);
        (await receiver.NextLine(Cancellation)).Should().StartWith("warn: Kobbopay.Client.AspNetCore.");
        (await receiver.NextLine(Cancellation)).Should().Contain("webhook-signature matches none of the secrets");
        (await PostAsync(body, New)).Should().Be(HttpStatusCode.NoContent);
        (await PostAsync(body, New)).Should().Be(HttpStatusCode.NoContent);
        (await PostAsync(other, Old)).Should().Be(HttpStatusCode.NoContent);

        (await receiver.NextLine(Cancellation)).Should().Be("ship order-7: pay_7 is Confirmed");
        (await receiver.NextLine(Cancellation)).Should().Be("ship order-8: pay_8 is Confirmed");
    }

    [Theory]
    [InlineData(Sample.Node)]
    [InlineData(Sample.CSharp)]
    public async Task Without_the_variable_the_secret_comes_from_demo_env_else_it_says_what_to_do(Sample sample)
    {
        var folder = Directory.CreateTempSubdirectory("kobbopay-sample-");
        try
        {
            var copy = folder.CreateSubdirectory(Path.Combine("samples", "receiver-node")).FullName;
            File.Copy(
                Path.Combine(SampleProcess.Repository, "samples", "receiver-node", "receiver.mjs"),
                Path.Combine(copy, "receiver.mjs"));

            await using (var lost = SampleProcess.StartIn(sample, folder.FullName))
            {
                var (exitCode, error) = await lost.Ended(Cancellation);
                exitCode.Should().Be(1);
                error.Should().StartWith("Set KOBBOPAY_WEBHOOK_SECRET ");
            }

            folder.CreateSubdirectory(".kobbopay");
            await File.WriteAllTextAsync(
                Path.Combine(folder.FullName, ".kobbopay", "demo.env"),
                $"KOBBOPAY_URL=http://127.0.0.1:8080\nKOBBOPAY_WEBHOOK_SECRET={Old}\n",
                Cancellation);
            await using var receiver = SampleProcess.StartIn(sample, folder.FullName);
            (await receiver.NextLine(Cancellation)).Should().StartWith("listening on http://127.0.0.1:");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> Refusal(
        SampleProcess receiver, IEnumerable<KeyValuePair<string, string>> headers, byte[]? body = null)
    {
        var (status, cause) = await receiver.Post(headers, body ?? Body, Cancellation);
        status.Should().Be(HttpStatusCode.BadRequest);
        (await receiver.NextLine(Cancellation)).Should().Be($"refused: {cause}");
        return cause.ToLowerInvariant();
    }

    private static IEnumerable<KeyValuePair<string, string>> With(
        IEnumerable<KeyValuePair<string, string>> headers, string name, string value) =>
        headers.Where(header => header.Key != name).Append(new(name, value));
}
