using System.Text;
using CsCheck;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.Client;

public sealed class WebhookSignatureTests
{
    // The vector that Svix and the Standard Webhooks libraries publish. The two hex values were computed by
    // `printf '%s' '1614265330.{"test": 2432232314}' | openssl dgst -sha256 -hmac "$secret"`, and over the body alone.
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string EventId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const string Body = """{"test": 2432232314}""";
    private const string Standard = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private const string WithTime = "2e37df5d4a028c51a7f3133d64ae1e300d2c2c900f1b1d49d4369ad2530f8964";
    private const string BodyOnly = "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c";
    private const string OtherSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    private const long LastSecond = 253402300799;

    private static readonly Gen<byte[]> Key = Gen.Byte.Array[24, 64];
    private static readonly DateTimeOffset SentAt = DateTimeOffset.FromUnixTimeSeconds(1614265330);

    [Fact]
    public void The_published_vector_gives_exactly_the_published_headers()
    {
        var headers = WebhookSignature.Sign(EventId, SentAt, Bytes(Body), Secret);

        headers.Should().BeEquivalentTo(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["X-Kobbopay-Event-Id"] = EventId,
            ["X-Kobbopay-Timestamp"] = "1614265330",
            ["X-Kobbopay-Signature"] = WithTime,
            ["X-Signature"] = BodyOnly,
            ["webhook-id"] = EventId,
            ["webhook-timestamp"] = "1614265330",
            ["webhook-signature"] = Standard,
        });
    }

    [Fact]
    public void During_a_rotation_the_old_secret_keeps_its_headers_and_the_new_one_gets_its_own()
    {
        var old = Dictionary(WebhookSignature.Sign(EventId, SentAt, Bytes(Body), Secret));
        var next = Dictionary(WebhookSignature.Sign(EventId, SentAt, Bytes(Body), OtherSecret));

        var both = Dictionary(WebhookSignature.Sign(EventId, SentAt, Bytes(Body), Secret, OtherSecret));

        both.Should().BeEquivalentTo(new Dictionary<string, string>(old, StringComparer.Ordinal)
        {
            ["webhook-signature"] = $"{old["webhook-signature"]} {next["webhook-signature"]}",
            ["X-Kobbopay-Signature-Next"] = next["X-Kobbopay-Signature"],
            ["X-Signature-Next"] = next["X-Signature"],
        });
    }

    [Fact]
    public void An_endpoint_without_body_signature_gets_neither_of_its_headers()
    {
        var headers = WebhookSignature.Sign(EventId, SentAt, Bytes(Body), Secret, OtherSecret, bodySignature: false);

        headers.Select(header => header.Key).Should().NotContain(["X-Signature", "X-Signature-Next"])
            .And.HaveCount(7);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData(" {}")]
    [InlineData("1614265330.{}")]
    public void A_body_that_does_not_begin_with_a_brace_is_neither_signed_nor_verified(string body)
    {
        var sign = () => WebhookSignature.Sign(EventId, SentAt, Bytes(body), Secret);

        sign.Should().Throw<ArgumentException>().WithParameterName(nameof(body));
        Verify(Signed(), body: body).Verdict.Should().Be(WebhookVerdict.UnsignedBody);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("a\r\nX-Evil: 1")]
    [InlineData("evt_ö")]
    public void An_event_id_that_could_break_the_signed_text_or_the_header_is_refused(string eventId)
    {
        var sign = () => WebhookSignature.Sign(eventId, SentAt, Bytes(Body), Secret);

        sign.Should().Throw<ArgumentException>().WithParameterName(nameof(eventId));
    }

    [Theory]
    [InlineData("")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_")]
    [InlineData("whsec_AAAA")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")]
    public void A_text_that_is_no_secret_is_refused_without_being_told(string secret)
    {
        var sign = () => WebhookSignature.Sign(EventId, SentAt, Bytes(Body), secret);
        var verify = () => Verify(Signed(), secrets: [Secret, secret]);

        sign.Should().Throw<ArgumentException>().Which.Message.Should().NotContain("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS");
        verify.Should().Throw<ArgumentException>().WithParameterName("secrets");
        WebhookSecret.IsWellFormed(secret).Should().BeFalse();
    }

    [Fact]
    public void A_created_secret_holds_32_bytes_and_is_never_the_same_twice()
    {
        var secret = WebhookSecret.Create();

        Convert.FromBase64String(secret["whsec_".Length..]).Should().HaveCount(32);
        WebhookSecret.IsWellFormed(secret).Should().BeTrue();
        WebhookSecret.Create().Should().NotBe(secret);
    }

    [Fact]
    public void What_is_signed_verifies_by_each_scheme_and_what_is_changed_does_not() =>
        Gen.Select(Gen.Byte.Array[0, 4096], Key, Gen.Long[0, LastSecond], Gen.Int[0, 4096], Gen.Int[1, 255])
            .Sample((tail, key, seconds, at, flip) =>
            {
                byte[] body = [(byte)'{', .. tail];
                var secret = "whsec_" + Convert.ToBase64String(key);
                var sentAt = DateTimeOffset.FromUnixTimeSeconds(seconds);
                var headers = Dictionary(WebhookSignature.Sign("evt_1", sentAt, body, secret));
                byte[] tampered = [.. body];
                if (tail.Length > 0)
                    tampered[1 + (at % tail.Length)] ^= (byte)flip;
                else
                    tampered = [.. body, (byte)flip];

                foreach (var scheme in Schemes)
                {
                    VerifyBy(scheme, headers, body, secret, sentAt)
                        .Should().Be(new WebhookVerification(WebhookVerdict.Valid, scheme, Header: null, Seconds: 0));
                    VerifyBy(scheme, headers, tampered, secret, sentAt).Verdict
                        .Should().Be(WebhookVerdict.SignatureMismatch);
                    VerifyBy(scheme, headers, body, OtherSecret, sentAt).Verdict
                        .Should().Be(WebhookVerdict.SignatureMismatch);
                }
            });

    private static readonly WebhookSchemes[] Schemes =
        [WebhookSchemes.Standard, WebhookSchemes.Kobbopay, WebhookSchemes.BodyOnly];

    private static WebhookVerification VerifyBy(
        WebhookSchemes scheme, Dictionary<string, string> headers, byte[] body, string secret, DateTimeOffset now) =>
        WebhookSignature.Verify(headers.GetValueOrDefault, body, [secret], now, scheme);

    private static Dictionary<string, string> Signed() =>
        Dictionary(WebhookSignature.Sign(EventId, SentAt, Bytes(Body), Secret));

    private static WebhookVerification Verify(
        Dictionary<string, string> headers, string body = Body, string[]? secrets = null) =>
        WebhookSignature.Verify(headers.GetValueOrDefault, Bytes(body), secrets ?? [Secret], SentAt);

    private static Dictionary<string, string> Dictionary(IReadOnlyList<KeyValuePair<string, string>> headers) =>
        new(headers, StringComparer.OrdinalIgnoreCase);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
