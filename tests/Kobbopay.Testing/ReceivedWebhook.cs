using System.Text.Json;

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

    public override string ToString() => $"{Method} {Path} {System.Text.Encoding.UTF8.GetString(Body)}";
}
