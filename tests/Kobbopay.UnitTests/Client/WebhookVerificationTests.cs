using System.Globalization;
using System.Text;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.Client;

/// <summary>What a receiver is told: each refusal names its cause.</summary>
public sealed class WebhookVerificationTests
{
    private const string Old = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string New = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"id":"evt_1"}""");
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private readonly Dictionary<string, string> headers =
        new(WebhookSignature.Sign("evt_1", Now, Body, Old), StringComparer.OrdinalIgnoreCase);

    [Fact]
    public void The_standard_headers_are_preferred_and_a_wrong_one_is_not_made_good_by_the_others()
    {
        Verify().Should().Be(Valid(WebhookSchemes.Standard));

        headers["webhook-signature"] = "v1," + new string('A', 43) + "=";
        Verify(accept: WebhookSchemes.All).Should().Be(new WebhookVerification(
            WebhookVerdict.SignatureMismatch, WebhookSchemes.Standard, "webhook-signature", Seconds: 0));
    }

    [Fact]
    public void Without_the_standard_signature_the_Kobbopay_headers_decide()
    {
        Remove("webhook-signature", "webhook-id", "webhook-timestamp");

        Verify().Should().Be(Valid(WebhookSchemes.Kobbopay));
    }

    [Fact]
    public void The_body_signature_alone_vouches_only_where_it_is_accepted()
    {
        Remove("webhook-signature", "X-Kobbopay-Signature");

        Verify().Should().Be(Missing("webhook-signature", WebhookSchemes.None));
        Verify(accept: WebhookSchemes.All).Should().Be(Valid(WebhookSchemes.BodyOnly));
    }

    [Theory]
    [InlineData("webhook-id", WebhookSchemes.Standard)]
    [InlineData("webhook-timestamp", WebhookSchemes.Standard)]
    [InlineData("X-Kobbopay-Timestamp", WebhookSchemes.Kobbopay)]
    public void A_header_that_the_scheme_needs_is_named_when_it_is_missing(string header, WebhookSchemes scheme)
    {
        Remove(header);

        Verify(accept: scheme).Should().Be(Missing(header, scheme));
        Verify(accept: scheme).Reason.Should().Be($"The header {header} is missing.");
    }

    [Theory]
    [InlineData(WebhookSchemes.Standard, "webhook-signature")]
    [InlineData(WebhookSchemes.Kobbopay, "X-Kobbopay-Signature")]
    [InlineData(WebhookSchemes.BodyOnly, "X-Signature")]
    public void The_wanted_signature_header_is_named_when_none_is_present(WebhookSchemes scheme, string header)
    {
        headers.Clear();

        Verify(accept: scheme).Should().Be(Missing(header, WebhookSchemes.None));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("+1800000000")]
    [InlineData("1800000000.0")]
    [InlineData(" 1800000000")]
    [InlineData("9999999999999999999999")]
    public void A_timestamp_that_is_no_number_of_seconds_is_malformed(string timestamp)
    {
        headers["webhook-timestamp"] = timestamp;
        headers["X-Kobbopay-Timestamp"] = timestamp;

        Verify(accept: WebhookSchemes.Standard).Should().Be(new WebhookVerification(
            WebhookVerdict.MalformedTimestamp, WebhookSchemes.Standard, "webhook-timestamp", Seconds: 0));
        Verify(accept: WebhookSchemes.Kobbopay).Should().Be(new WebhookVerification(
            WebhookVerdict.MalformedTimestamp, WebhookSchemes.Kobbopay, "X-Kobbopay-Timestamp", Seconds: 0));
    }

    [Theory]
    [InlineData(300, WebhookVerdict.Valid, null)]
    [InlineData(-300, WebhookVerdict.Valid, null)]
    [InlineData(301, WebhookVerdict.TimestampOutsideTolerance,
        "The header webhook-timestamp is 301 s old; 300 s are allowed.")]
    [InlineData(-301, WebhookVerdict.TimestampOutsideTolerance,
        "The header webhook-timestamp is 301 s ahead; 300 s are allowed.")]
    public void A_request_is_taken_within_300_seconds_either_way(int age, WebhookVerdict verdict, string? reason)
    {
        var verification = Verify(now: Now.AddSeconds(age));

        verification.Verdict.Should().Be(verdict);
        verification.Seconds.Should().Be(age);
        verification.Reason.Should().Be(reason ?? "The signature is valid.");
    }

    [Fact]
    public void A_timestamp_changed_to_look_recent_is_a_mismatch_not_a_valid_request()
    {
        var later = Now.AddHours(1);
        headers["webhook-timestamp"] = later.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        headers["X-Kobbopay-Timestamp"] = headers["webhook-timestamp"];

        Verify(now: later, accept: WebhookSchemes.Standard).Verdict.Should().Be(WebhookVerdict.SignatureMismatch);
        Verify(now: later, accept: WebhookSchemes.Kobbopay).Verdict.Should().Be(WebhookVerdict.SignatureMismatch);
    }

    [Fact]
    public void An_id_changed_in_the_header_is_a_mismatch_also_when_it_is_not_ASCII()
    {
        headers["webhook-id"] = new string('€', 255);

        Verify().Verdict.Should().Be(WebhookVerdict.SignatureMismatch);
    }

    [Theory]
    [InlineData("webhook-signature", WebhookSchemes.Standard, "v2,g0hM9SsE")]
    [InlineData("webhook-signature", WebhookSchemes.Standard, "")]
    [InlineData("X-Kobbopay-Signature", WebhookSchemes.Kobbopay, "sha256=abc")]
    [InlineData("X-Signature", WebhookSchemes.BodyOnly, "")]
    public void A_signature_of_no_known_form_is_told_from_a_wrong_one(
        string header, WebhookSchemes scheme, string value)
    {
        headers[header] = value;

        Verify(accept: scheme).Should().Be(
            new WebhookVerification(WebhookVerdict.MalformedSignature, scheme, header, Seconds: 0));
    }

    [Theory]
    [InlineData(WebhookSchemes.Standard)]
    [InlineData(WebhookSchemes.Kobbopay)]
    [InlineData(WebhookSchemes.BodyOnly)]
    public void During_a_rotation_a_receiver_with_either_secret_or_both_accepts(WebhookSchemes scheme)
    {
        headers.Clear();
        foreach (var (name, value) in WebhookSignature.Sign("evt_1", Now, Body, Old, New))
            headers[name] = value;

        Verify(accept: scheme, secrets: [Old]).IsValid.Should().BeTrue();
        Verify(accept: scheme, secrets: [New]).IsValid.Should().BeTrue();
        Verify(accept: scheme, secrets: [New, Old]).IsValid.Should().BeTrue();
        Verify(accept: scheme, secrets: [WebhookSecret.Create()]).Verdict.Should().Be(WebhookVerdict.SignatureMismatch);
    }

    [Fact]
    public void A_receiver_without_a_secret_or_a_scheme_is_set_up_wrongly()
    {
        var noSecret = () => Verify(secrets: []);
        var noScheme = () => Verify(accept: WebhookSchemes.None);

        noSecret.Should().Throw<ArgumentException>().WithParameterName("secrets");
        noScheme.Should().Throw<ArgumentException>().WithParameterName("accept");
    }

    private static WebhookVerification Valid(WebhookSchemes scheme) =>
        new(WebhookVerdict.Valid, scheme, Header: null, Seconds: 0);

    private static WebhookVerification Missing(string header, WebhookSchemes scheme) =>
        new(WebhookVerdict.MissingHeader, scheme, header, Seconds: 0);

    private void Remove(params string[] names)
    {
        foreach (var name in names)
            headers.Remove(name).Should().BeTrue();
    }

    private WebhookVerification Verify(
        DateTimeOffset? now = null, WebhookSchemes accept = WebhookSchemes.Timestamped, string[]? secrets = null) =>
        WebhookSignature.Verify(headers.GetValueOrDefault, Body, secrets ?? [Old], now ?? Now, accept);
}
