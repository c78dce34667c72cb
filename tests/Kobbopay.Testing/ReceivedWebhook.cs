using System.Text.Json;
using Kobbopay.Client;

namespace Kobbopay.Testing;

/// <summary>A request as it arrived: <paramref name="Body"/> is the raw bytes, header names ignore case.</summary>
public sealed record ReceivedWebhook(
    DateTimeOffset ReceivedAt,
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Headers,
    byte[] Body)
{
    /// <summary>The body parsed.</summary>
    public JsonElement Json => JsonElement.Parse(Body);

    /// <summary>The body's <c>id</c>: what receivers deduplicate by.</summary>
    public string EventId => Json.GetProperty("id").GetString()!;

    /// <summary>The body's <c>type</c>, such as <c>payment.paid</c>.</summary>
    public string Type => Json.GetProperty("type").GetString()!;

    /// <summary>
    /// What each of the three published verifications says of it, at the time it arrived: all <c>Valid</c> when the
    /// secret (or one of several) signed it.
    /// </summary>
    public IReadOnlyDictionary<WebhookSchemes, WebhookVerdict> Verify(params string[] secrets) =>
        new[] { WebhookSchemes.Standard, WebhookSchemes.Kobbopay, WebhookSchemes.BodyOnly }.ToDictionary(
            scheme => scheme,
            scheme => WebhookSignature.Verify(
                name => Headers.GetValueOrDefault(name), Body, secrets, ReceivedAt, scheme).Verdict);

    public override string ToString() => $"{Method} {Path} {System.Text.Encoding.UTF8.GetString(Body)}";
}
