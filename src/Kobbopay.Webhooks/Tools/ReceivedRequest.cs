using System.Globalization;
using Kobbopay.Client;
using Kobbopay.Contracts;

namespace Kobbopay.Webhooks.Tools;

/// <summary>
/// The request to be explained, beside what is known of it. A signature is judged in the order of what is most likely
/// wrong and can be proven: its form, its secret over this body, the same over the body that was sent.
/// </summary>
internal sealed record ReceivedRequest(
    IReadOnlyDictionary<string, string> Headers, byte[] Body, DateTimeOffset ReceivedAt, Guid? EndpointId)
{
    /// <summary>Secrets of the merchant in the environment of the API key.</summary>
    public required IReadOnlyList<KnownSecret> Secrets { get; init; }

    /// <summary>The bytes of the event that the headers name; null when they name none of the merchant's.</summary>
    public byte[]? SentBody { get; init; }

    /// <summary>The headers name an event or a delivery, and it is none of the merchant's.</summary>
    public bool NamesUnknown { get; init; }

    /// <summary>Makes no signature match, so that only the headers' form is judged.</summary>
    private static readonly string NobodysSecret = WebhookSecret.Create();

    public SignatureFinding Judge(SignatureScheme scheme)
    {
        var form = Verify(scheme, "{}"u8, NobodysSecret);
        if (form.Verdict == WebhookVerdict.MissingHeader)
            return scheme.Missing(form);
        if (form.Verdict is WebhookVerdict.MalformedSignature or WebhookVerdict.MalformedTimestamp)
            return scheme.Malformed(form);

        var finding = Find(scheme, Body, Secrets) is { } match ? Explain(scheme, match.Known, match.Found)
            : SentBody is { } sent && Find(scheme, sent, Secrets) is { } original
                ? scheme.OtherBody(sent, Body, original.Known)
            : NamesUnknown ? scheme.UnknownDelivery() : scheme.UnknownSignature(SentBody is not null);
        return finding with { AgeSeconds = AgeOf(scheme) };
    }

    /// <summary>The secret that gives the scheme's signature over the body.</summary>
    public (KnownSecret Known, WebhookVerification Found)? Find(
        SignatureScheme scheme, ReadOnlySpan<byte> body, IReadOnlyList<KnownSecret> secrets)
    {
        foreach (var known in secrets)
        {
            var found = Verify(scheme, body, known.Secret);
            if (found.IsValid || found.Verdict == WebhookVerdict.TimestampOutsideTolerance)
                return (known, found);
        }

        return null;
    }

    private SignatureFinding Explain(SignatureScheme scheme, KnownSecret known, WebhookVerification found) =>
        EndpointId is { } asked && asked != known.EndpointId ? scheme.OtherEndpoint(asked, known)
        : known.Role == KnownSecret.Previous ? scheme.OldSecret(known)
        : found.IsValid ? scheme.Valid(known)
        : scheme.OutOfTolerance(known, found);

    private WebhookVerification Verify(SignatureScheme scheme, ReadOnlySpan<byte> body, string secret) =>
        WebhookSignature.Verify(Headers.GetValueOrDefault, body, [secret], ReceivedAt, scheme.Kind);

    private long? AgeOf(SignatureScheme scheme) =>
        scheme.TimestampHeader is { } header && Headers.TryGetValue(header, out var text)
            ? ReceivedAt.ToUnixTimeSeconds() - long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
            : null;
}

/// <summary>One of the three ways of signing, and the words for what becomes of its signature.</summary>
internal sealed record SignatureScheme(WebhookSchemes Kind, string Header, string? NextHeader, string? TimestampHeader)
{
    /// <summary>The most trustworthy first: it decides.</summary>
    public static readonly IReadOnlyList<SignatureScheme> All =
    [
        new(WebhookSchemes.Standard, WebhookHeaders.StandardSignature, null, WebhookHeaders.StandardTimestamp),
        new(WebhookSchemes.Kobbopay, WebhookHeaders.Signature, WebhookHeaders.SignatureNext, WebhookHeaders.Timestamp),
        new(WebhookSchemes.BodyOnly, WebhookHeaders.BodySignature, WebhookHeaders.BodySignatureNext, null),
    ];

    private string Form => Kind == WebhookSchemes.Standard
        ? "v1, and base64, several with a space between them"
        : "64 lower-case hexadecimal digits";

    public static SignatureFinding NoneAtAll() => new(
        SignatureVerdicts.HeaderMissing,
        $"None of {string.Join(", ", All.Select(scheme => scheme.Header))} is among the headers: something before the "
            + "receiver has dropped them, or the request is not from here.",
        FaultyHeader: WebhookHeaders.StandardSignature);

    public bool IsIn(IReadOnlyDictionary<string, string> headers) =>
        headers.ContainsKey(Header) || (NextHeader is not null && headers.ContainsKey(NextHeader));

    public SignatureFinding Missing(WebhookVerification form) => new(
        SignatureVerdicts.HeaderMissing, $"{form.Reason} {Header} can not be checked without it.", Header, form.Header);

    public SignatureFinding Malformed(WebhookVerification form) => new(
        SignatureVerdicts.MalformedHeader,
        form.Verdict == WebhookVerdict.MalformedSignature ? $"{form.Reason} Its form is: {Form}." : form.Reason,
        Header,
        form.Header);

    public SignatureFinding Valid(KnownSecret known) => Matching(
        SignatureVerdicts.Valid,
        $"The {(known.Role == KnownSecret.Next ? "new" : "current")} secret of {NameOf(known)} gives this signature "
            + "over exactly this body. A receiver that refuses it holds another secret, or checks another body.",
        known);

    public SignatureFinding OutOfTolerance(KnownSecret known, WebhookVerification found) => Matching(
        SignatureVerdicts.TimestampOutOfTolerance,
        $"The signature is right. {found.Reason} Check the clock of the receiver, whether the request waited before it "
            + "was verified, and receivedAt (now, unless given).",
        known) with
    { FaultyHeader = found.Header };

    public SignatureFinding OldSecret(KnownSecret known) => Matching(
        SignatureVerdicts.OldSecret,
        $"A secret of {NameOf(known)} that a rotation has retired gives this signature; its time was over at "
            + $"{known.RetiredAt:yyyy-MM-dd'T'HH:mm:ss'Z'}. The request was sent before; sent again, it is signed by "
            + "the current secret.",
        known);

    public SignatureFinding OtherEndpoint(Guid asked, KnownSecret known) => Matching(
        SignatureVerdicts.OtherEndpoint,
        $"The secret of {NameOf(known)} gives this signature, and none of {NameOf(asked)}: the request was sent to "
            + "that endpoint, so the receiver needs that secret.",
        known);

    public SignatureFinding OtherBody(byte[] sent, byte[] received, KnownSecret known)
    {
        var difference = Tools.BodyDifference.Of(sent, received);
        return Matching(
            SignatureVerdicts.BodyReserialized,
            $"The signature is right for the {sent.Length} bytes that were sent, and not for these {received.Length}: "
                + $"{difference.Words}. Verify the raw bytes, before anything parses or converts them.",
            known) with
        { SignatureMatches = false, BodyDifference = difference.Code };
    }

    public SignatureFinding WrongEnvironment(string asked, string other) => new(
        SignatureVerdicts.WrongEnvironment,
        $"A secret of your {other} environment gives this signature, and none of {asked}: the receiver has been given "
            + "the secret of the other environment.",
        Header,
        SignatureMatches: true);

    public SignatureFinding UnknownDelivery() => new(
        SignatureVerdicts.DeliveryUnknown,
        "None of your secrets gives this signature, and nothing with the id that the headers name was sent to you in "
            + "this environment: the request is not from here, or not for you.",
        Header);

    public SignatureFinding UnknownSignature(bool hasSentBody) => new(
        SignatureVerdicts.UnknownSignature,
        hasSentBody
            ? "None of your secrets gives this signature, over this body or over the one that was sent as this event: "
                + "a header has been changed, or the secret is none of yours."
            : "None of your secrets gives this signature over this body. With the id of the event among the headers, "
                + "the body is compared with the one that was sent.",
        Header);

    private SignatureFinding Matching(string verdict, string explanation, KnownSecret known) => new(
        verdict, explanation, Header, SignatureMatches: true, EndpointId: NameOf(known), Secret: known.Role);

    private static string NameOf(KnownSecret known) => NameOf(known.EndpointId);

    private static string NameOf(Guid endpoint) => Id.Format(Id.WebhookEndpoint, endpoint);
}
