using System.Security.Cryptography;
using System.Text;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.Client;

/// <summary>
/// What the suites of the Standard Webhooks 1.0 libraries ask of a verifier, with their published message and secret.
/// </summary>
public sealed class StandardWebhooksTests
{
    private const string Unprefixed = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Secret = "whsec_" + Unprefixed;
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const string Published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private const string Wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    private const long SentAt = 1614265330;
    private static readonly byte[] Payload = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");

    private readonly Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["webhook-id"] = Id,
        ["webhook-timestamp"] = "1614265330",
        ["webhook-signature"] = Published,
    };

    [Fact]
    public void The_published_message_is_valid() => Verify().IsValid.Should().BeTrue();

    [Theory]
    [InlineData("webhook-id", WebhookVerdict.MissingHeader)]
    [InlineData("webhook-timestamp", WebhookVerdict.MissingHeader)]
    [InlineData("webhook-signature", WebhookVerdict.MissingHeader)]
    public void Without_one_of_the_three_headers_the_cause_is_the_one_that_is_missing(
        string header, WebhookVerdict verdict)
    {
        headers.Remove(header);

        Verify().Verdict.Should().Be(verdict);
        Verify().Header.Should().Be(header);
    }

    [Theory]
    [InlineData("", WebhookVerdict.MalformedSignature)]
    [InlineData("v1,", WebhookVerdict.MalformedSignature)]
    [InlineData("v1,g0hM9", WebhookVerdict.MalformedSignature)]
    [InlineData("v1,dawfeoifkpqwoekfpqoekf", WebhookVerdict.MalformedSignature)]
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", WebhookVerdict.MalformedSignature)]
    [InlineData("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", WebhookVerdict.MalformedSignature)]
    [InlineData("v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", WebhookVerdict.MalformedSignature)]
    [InlineData(Wrong, WebhookVerdict.SignatureMismatch)]
    [InlineData("v1,G0HM9SSE+OTPJTGT/TMIKTSYZLE3UFJELVLNIOLJ1OE=", WebhookVerdict.SignatureMismatch)]
    [InlineData("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLawdd=", WebhookVerdict.SignatureMismatch)]
    public void A_part_of_a_signature_an_unknown_version_and_a_wrong_one_are_refused(
        string signature, WebhookVerdict verdict)
    {
        headers["webhook-signature"] = signature;

        Verify().Verdict.Should().Be(verdict);
    }

    [Theory]
    [InlineData("{0} v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= {1} {0}")]
    [InlineData("{1} {0}")]
    [InlineData("v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {1}")]
    [InlineData("nonsense  {1}")]
    public void One_right_signature_among_others_and_other_versions_is_enough(string list)
    {
        headers["webhook-signature"] = string.Format(list, Wrong, Published);

        Verify().IsValid.Should().BeTrue();
    }

    [Theory]
    [InlineData(301, WebhookVerdict.TimestampOutsideTolerance)]
    [InlineData(-301, WebhookVerdict.TimestampOutsideTolerance)]
    [InlineData(300, WebhookVerdict.Valid)]
    [InlineData(-300, WebhookVerdict.Valid)]
    public void Five_minutes_either_way_are_allowed(int age, WebhookVerdict verdict) =>
        Verify(age).Verdict.Should().Be(verdict);

    [Theory]
    [InlineData("hello", WebhookVerdict.MalformedTimestamp)]
    [InlineData("2021-02-25T15:02:10Z", WebhookVerdict.MalformedTimestamp)]
    [InlineData("946684800", WebhookVerdict.SignatureMismatch)]
    public void Another_timestamp_is_not_the_signed_one(string timestamp, WebhookVerdict verdict)
    {
        headers["webhook-timestamp"] = timestamp;

        Verify().Verdict.Should().Be(verdict);
    }

    // The libraries take both forms. Here the prefix is part of the key of X-Kobbopay-Signature, so that a secret
    // without it is a different one: told at once, instead of a mismatch at every request.
    [Fact]
    public void A_secret_without_its_prefix_or_an_empty_one_is_a_receiver_set_up_wrongly()
    {
        foreach (var secret in new[] { Unprefixed, "", "whsec_" })
        {
            var verify = () => WebhookSignature.Verify(
                headers.GetValueOrDefault, Payload, [secret], DateTimeOffset.FromUnixTimeSeconds(SentAt));

            verify.Should().Throw<ArgumentException>().WithParameterName("secrets");
        }
    }

    // The specification: an id or a time with a dot in it would let one signed text be read as another message.
    [Theory]
    [InlineData("evt_1.1614265330.{\"note\":\"x", "1614265330", """{"id":"evt_2"}""")]
    [InlineData("a.b", "1614265330", "{}")]
    public void An_id_with_a_dot_never_verifies_whatever_was_signed(string id, string timestamp, string body)
    {
        var key = Convert.FromBase64String(Unprefixed);
        var mac = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}"));
        headers["webhook-id"] = id;
        headers["webhook-signature"] = $"v1,{Convert.ToBase64String(mac)}";

        WebhookSignature.Verify(
                headers.GetValueOrDefault, Encoding.UTF8.GetBytes(body), [Secret],
                DateTimeOffset.FromUnixTimeSeconds(SentAt))
            .Verdict.Should().Be(WebhookVerdict.SignatureMismatch);
    }

    private WebhookVerification Verify(int age = 0) => WebhookSignature.Verify(
        headers.GetValueOrDefault, Payload, [Secret], DateTimeOffset.FromUnixTimeSeconds(SentAt + age));
}
