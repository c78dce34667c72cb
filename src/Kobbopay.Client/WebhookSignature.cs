using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Kobbopay.Client;

/// <summary>
/// Signs and verifies webhook requests in the three published ways (contracts.md, section 4). The server signs with
/// this very class. All work on the raw body: parse it only after it has been verified.
/// </summary>
public static class WebhookSignature
{
    /// <summary>How far a request's time may lie from the receiver's clock, either way, in seconds.</summary>
    public const int ToleranceSeconds = 300;

    /// <summary>Unix seconds up to the year 33658: what a parser may take without an overflow.</summary>
    private const int LongestTimestamp = 12;
    private const int LongestEventId = 255;

    /// <summary>The id, time and signature headers of one attempt, to be sent as they are.</summary>
    /// <param name="eventId">The event's id: visible ASCII without a dot, at most 255 characters.</param>
    /// <param name="sentAt">The time of this attempt; sent in whole unix seconds.</param>
    /// <param name="body">The raw body, which begins with <c>{</c>.</param>
    /// <param name="secret">The endpoint's secret; the old one while a rotation's overlap lasts.</param>
    /// <param name="nextSecret">The new secret while a rotation's overlap lasts, else null.</param>
    /// <param name="bodySignature">Whether <c>X-Signature</c> is wanted (the endpoint's <c>bodySignature</c>).</param>
    /// <exception cref="ArgumentException">An argument is malformed; the message never holds a secret.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> Sign(
        string eventId,
        DateTimeOffset sentAt,
        ReadOnlySpan<byte> body,
        string secret,
        string? nextSecret = null,
        bool bodySignature = true)
    {
        if (!IsId(eventId))
            throw new ArgumentException("An event id is visible ASCII without a dot.", nameof(eventId));
        if (!IsSignable(body))
            throw new ArgumentException("A signed body begins with {.", nameof(body));
        RequireSecret(secret, nameof(secret));
        if (nextSecret is not null)
            RequireSecret(nextSecret, nameof(nextSecret));
        ArgumentOutOfRangeException.ThrowIfLessThan(sentAt, DateTimeOffset.UnixEpoch);

        var timestamp = sentAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var standard = WebhookMac.Standard(secret, eventId, timestamp, body);
        if (nextSecret is not null)
            standard = $"{standard} {WebhookMac.Standard(nextSecret, eventId, timestamp, body)}";

        var headers = new List<KeyValuePair<string, string>>(capacity: 9)
        {
            new(WebhookHeaders.EventId, eventId),
            new(WebhookHeaders.Timestamp, timestamp),
            new(WebhookHeaders.Signature, WebhookMac.Hex(secret, timestamp, body)),
            new(WebhookHeaders.StandardId, eventId),
            new(WebhookHeaders.StandardTimestamp, timestamp),
            new(WebhookHeaders.StandardSignature, standard),
        };
        if (bodySignature)
            headers.Add(new(WebhookHeaders.BodySignature, WebhookMac.Hex(secret, timestamp: null, body)));
        if (nextSecret is not null)
            headers.Add(new(WebhookHeaders.SignatureNext, WebhookMac.Hex(nextSecret, timestamp, body)));
        if (nextSecret is not null && bodySignature)
            headers.Add(new(WebhookHeaders.BodySignatureNext, WebhookMac.Hex(nextSecret, timestamp: null, body)));
        return headers;
    }

    /// <summary>
    /// Verifies one received request. The first accepted scheme whose signature header is present decides, in the order
    /// Standard, Kobbopay, BodyOnly; a wrong signature is never made good by another scheme. Signatures are compared in
    /// constant time.
    /// </summary>
    /// <param name="header">Looks a request header up by name, ignoring case: null when absent.</param>
    /// <param name="body">The raw body as received.</param>
    /// <param name="secrets">The endpoint's secrets: during a rotation the old and the new one.</param>
    /// <param name="now">The receiver's clock.</param>
    /// <param name="accept">The schemes that may vouch for the request.</param>
    /// <exception cref="ArgumentException">No secret was given, or one is not of the form of
    /// <see cref="WebhookSecret"/>: the receiver is set up wrongly, whatever the request.</exception>
    public static WebhookVerification Verify(
        Func<string, string?> header,
        ReadOnlySpan<byte> body,
        IReadOnlyCollection<string> secrets,
        DateTimeOffset now,
        WebhookSchemes accept = WebhookSchemes.Timestamped)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(secrets);
        if (secrets.Count == 0)
            throw new ArgumentException("At least one secret is needed.", nameof(secrets));
        foreach (var secret in secrets)
            RequireSecret(secret, nameof(secrets));
        if ((accept & WebhookSchemes.All) == WebhookSchemes.None)
            throw new ArgumentException("At least one scheme must be accepted.", nameof(accept));

        if (!IsSignable(body))
            return new(WebhookVerdict.UnsignedBody, WebhookSchemes.None, Header: null, Seconds: 0);
        if (accept.HasFlag(WebhookSchemes.Standard) && header(WebhookHeaders.StandardSignature) is { } standard)
            return VerifyStandard(header, standard, body, secrets, now);
        if (accept.HasFlag(WebhookSchemes.Kobbopay) && header(WebhookHeaders.Signature) is { } signature)
            return VerifyKobbopay(header, signature, body, secrets, now);
        if (accept.HasFlag(WebhookSchemes.BodyOnly) && header(WebhookHeaders.BodySignature) is { } bodySignature)
            return VerifyBodyOnly(header, bodySignature, body, secrets);

        var wanted = accept.HasFlag(WebhookSchemes.Standard) ? WebhookHeaders.StandardSignature
            : accept.HasFlag(WebhookSchemes.Kobbopay) ? WebhookHeaders.Signature
            : WebhookHeaders.BodySignature;
        return new(WebhookVerdict.MissingHeader, WebhookSchemes.None, wanted, Seconds: 0);
    }

    private static WebhookVerification VerifyStandard(
        Func<string, string?> header,
        string signatures,
        ReadOnlySpan<byte> body,
        IReadOnlyCollection<string> secrets,
        DateTimeOffset now)
    {
        const WebhookSchemes Scheme = WebhookSchemes.Standard;
        if (header(WebhookHeaders.StandardId) is not { Length: > 0 } id)
            return new(WebhookVerdict.MissingHeader, Scheme, WebhookHeaders.StandardId, Seconds: 0);
        if (header(WebhookHeaders.StandardTimestamp) is not { } timestamp)
            return new(WebhookVerdict.MissingHeader, Scheme, WebhookHeaders.StandardTimestamp, Seconds: 0);
        if (!TryAge(timestamp, now, out var age))
            return new(WebhookVerdict.MalformedTimestamp, Scheme, WebhookHeaders.StandardTimestamp, Seconds: 0);

        // With a dot in the id, the same signed text would read as another id, time and body.
        if (!IsId(id))
            return new(WebhookVerdict.SignatureMismatch, Scheme, WebhookHeaders.StandardSignature, Seconds: 0);

        bool known = false, matches = false;
        foreach (var secret in secrets)
        {
            var expected = WebhookMac.Standard(secret, id, timestamp, body);
            foreach (var range in signatures.AsSpan().Split(' '))
            {
                var entry = signatures.AsSpan(range);
                known |= entry.Length == expected.Length
                    && entry.StartsWith(WebhookMac.StandardVersion, StringComparison.Ordinal);
                matches |= SameText(expected, entry);
            }
        }

        var verdict = !known ? WebhookVerdict.MalformedSignature : Judge(matches, age);
        return Concluded(verdict, Scheme, WebhookHeaders.StandardSignature, WebhookHeaders.StandardTimestamp, age);
    }

    private static WebhookVerification VerifyKobbopay(
        Func<string, string?> header,
        string signature,
        ReadOnlySpan<byte> body,
        IReadOnlyCollection<string> secrets,
        DateTimeOffset now)
    {
        const WebhookSchemes Scheme = WebhookSchemes.Kobbopay;
        if (header(WebhookHeaders.Timestamp) is not { } timestamp)
            return new(WebhookVerdict.MissingHeader, Scheme, WebhookHeaders.Timestamp, Seconds: 0);
        if (!TryAge(timestamp, now, out var age))
            return new(WebhookVerdict.MalformedTimestamp, Scheme, WebhookHeaders.Timestamp, Seconds: 0);

        var next = header(WebhookHeaders.SignatureNext);
        var verdict = JudgeHex(signature, next, timestamp, body, secrets);
        if (verdict == WebhookVerdict.Valid)
            verdict = Judge(matches: true, age);
        return Concluded(verdict, Scheme, WebhookHeaders.Signature, WebhookHeaders.Timestamp, age);
    }

    private static WebhookVerification VerifyBodyOnly(
        Func<string, string?> header,
        string signature,
        ReadOnlySpan<byte> body,
        IReadOnlyCollection<string> secrets)
    {
        var next = header(WebhookHeaders.BodySignatureNext);
        var verdict = JudgeHex(signature, next, timestamp: null, body, secrets);
        return Concluded(verdict, WebhookSchemes.BodyOnly, WebhookHeaders.BodySignature, timestampHeader: null, age: 0);
    }

    private static WebhookVerdict JudgeHex(
        string signature,
        string? next,
        string? timestamp,
        ReadOnlySpan<byte> body,
        IReadOnlyCollection<string> secrets)
    {
        if (signature.Length != WebhookMac.HexLength)
            return WebhookVerdict.MalformedSignature;
        var matches = false;
        foreach (var secret in secrets)
        {
            var expected = WebhookMac.Hex(secret, timestamp, body);
            matches |= SameText(expected, signature) | SameText(expected, next);
        }

        return matches ? WebhookVerdict.Valid : WebhookVerdict.SignatureMismatch;
    }

    // The signature first: only a signed time is worth telling.
    private static WebhookVerdict Judge(bool matches, long age) =>
        !matches ? WebhookVerdict.SignatureMismatch
        : age is > ToleranceSeconds or < -ToleranceSeconds ? WebhookVerdict.TimestampOutsideTolerance
        : WebhookVerdict.Valid;

    private static WebhookVerification Concluded(
        WebhookVerdict verdict, WebhookSchemes scheme, string signatureHeader, string? timestampHeader, long age) =>
        verdict switch
        {
            WebhookVerdict.Valid => new(verdict, scheme, Header: null, age),
            WebhookVerdict.TimestampOutsideTolerance => new(verdict, scheme, timestampHeader, age),
            _ => new(verdict, scheme, signatureHeader, Seconds: 0),
        };

    private static bool TryAge(string timestamp, DateTimeOffset now, out long age)
    {
        age = 0;
        if (timestamp.Length > LongestTimestamp
            || !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return false;
        }

        age = now.ToUnixTimeSeconds() - seconds;
        return true;
    }

    private static bool SameText(ReadOnlySpan<char> expected, ReadOnlySpan<char> received) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(expected), MemoryMarshal.AsBytes(received));

    private static bool IsSignable(ReadOnlySpan<byte> body) => !body.IsEmpty && body[0] == (byte)'{';

    private static bool IsId(string? text) => text is { Length: > 0 and <= LongestEventId }
        && !text.AsSpan().ContainsAnyExceptInRange('!', '~') && !text.Contains('.');

    private static void RequireSecret(string secret, string parameter)
    {
        if (!WebhookSecret.IsWellFormed(secret))
            throw new ArgumentException("A webhook secret is whsec_ and the base64 of 24 to 64 bytes.", parameter);
    }
}
