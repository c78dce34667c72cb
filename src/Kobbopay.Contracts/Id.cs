using System.Diagnostics.CodeAnalysis;

namespace Kobbopay.Contracts;

/// <summary>
/// The text form of ids: prefix + UUIDv7 in lower-case Crockford base32, 26 characters, sortable by time
/// (contracts.md, section 1). Inside, an id is a <see cref="Guid"/>; the text exists at the edges only.
/// </summary>
public static class Id
{
    public const string Payment = "pay_";
    public const string Transfer = "trf_";
    public const string Event = "evt_";
    public const string WebhookEndpoint = "whe_";
    public const string Delivery = "dlv_";
    public const string Attempt = "att_";
    public const string Merchant = "mer_";
    public const string ApiKey = "key_";
    public const string Exception = "exc_";
    public const string Request = "req_";

    /// <summary>A new UUIDv7 at the clock's time.</summary>
    public static Guid New(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow());

    public static string Format(string prefix, Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return prefix + CrockfordBase32.Encode(bytes);
    }

    /// <summary>
    /// False unless <paramref name="text"/> is exactly what <see cref="Format"/> gives: an id has one spelling.
    /// </summary>
    public static bool TryParse(string prefix, [NotNullWhen(true)] string? text, out Guid id)
    {
        id = default;
        Span<byte> bytes = stackalloc byte[16];
        if (text is null || !text.StartsWith(prefix, StringComparison.Ordinal)
            || !CrockfordBase32.TryDecode(text.AsSpan(prefix.Length), bytes))
            return false;
        id = new Guid(bytes, bigEndian: true);
        return true;
    }
}
