namespace Kobbopay.Client;

/// <summary>The three published ways in which a webhook request is signed, as a set that a receiver accepts.</summary>
[Flags]
public enum WebhookSchemes
{
    /// <summary>No way at all.</summary>
    None = 0,

    /// <summary>Standard Webhooks 1.0: <c>webhook-id</c>, <c>webhook-timestamp</c>, <c>webhook-signature</c>.</summary>
    Standard = 1,

    /// <summary><c>X-Kobbopay-Timestamp</c> and <c>X-Kobbopay-Signature</c>.</summary>
    Kobbopay = 2,

    /// <summary>The two that carry a signed time, so that an old request can't be replayed.</summary>
    Timestamped = Standard | Kobbopay,

    /// <summary><c>X-Signature</c>, over the body alone: who has seen one request can replay it for ever.</summary>
    BodyOnly = 4,

    /// <summary>Any of the three.</summary>
    All = Timestamped | BodyOnly,
}

/// <summary>Why a webhook request was accepted or refused.</summary>
public enum WebhookVerdict
{
    /// <summary>Signed by one of the secrets, and recent where the scheme carries a time.</summary>
    Valid = 0,

    /// <summary>A header that the scheme needs is absent: <see cref="WebhookVerification.Header"/>.</summary>
    MissingHeader,

    /// <summary>A signature header holds nothing of the form that can be checked.</summary>
    MalformedSignature,

    /// <summary>The timestamp header is not a number of unix seconds.</summary>
    MalformedTimestamp,

    /// <summary>The signature is right and the request too old or too far ahead:
    /// <see cref="WebhookVerification.Seconds"/>.</summary>
    TimestampOutsideTolerance,

    /// <summary>No secret gives this signature: another secret, or a changed body (parsed and re-printed?).</summary>
    SignatureMismatch,

    /// <summary>The body does not begin with <c>{</c>, which every signed body does.</summary>
    UnsignedBody,
}

/// <summary>The outcome of <see cref="WebhookSignature.Verify"/>.</summary>
/// <param name="Verdict">The cause.</param>
/// <param name="Scheme">The one scheme that decided; <see cref="WebhookSchemes.None"/> when none was present.</param>
/// <param name="Header">The header that the verdict is about, or null.</param>
/// <param name="Seconds">Age of the request in seconds, negative when it lies ahead of the receiver's clock;
/// 0 for a scheme without a time or a request that was refused before its time was looked at.</param>
public sealed record WebhookVerification(WebhookVerdict Verdict, WebhookSchemes Scheme, string? Header, long Seconds)
{
    /// <summary>Whether the request may be trusted.</summary>
    public bool IsValid => Verdict == WebhookVerdict.Valid;

    /// <summary>The cause in one English sentence that gives no secret and no signature away.</summary>
    public string Reason => Verdict switch
    {
        WebhookVerdict.Valid => "The signature is valid.",
        WebhookVerdict.MissingHeader => $"The header {Header} is missing.",
        WebhookVerdict.MalformedSignature => $"The header {Header} holds no signature of a known form.",
        WebhookVerdict.MalformedTimestamp => $"The header {Header} is not a number of unix seconds.",
        WebhookVerdict.TimestampOutsideTolerance when Seconds < 0 =>
            $"The header {Header} is {-Seconds} s ahead; {WebhookSignature.ToleranceSeconds} s are allowed.",
        WebhookVerdict.TimestampOutsideTolerance =>
            $"The header {Header} is {Seconds} s old; {WebhookSignature.ToleranceSeconds} s are allowed.",
        WebhookVerdict.SignatureMismatch =>
            $"The header {Header} matches none of the secrets: another endpoint's secret, or not the raw body.",
        _ => "The body does not begin with {, as every signed body does.",
    };
}
