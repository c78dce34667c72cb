using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

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
    public const string Replay = "rpl_";
    public const string Merchant = "mer_";
    public const string ApiKey = "key_";
    public const string AccessRequest = "acr_";
    public const string Claim = "clm_";
    public const string Certification = "crt_";
    public const string Exception = "exc_";
    public const string Request = "req_";

    /// <summary>Random bytes of this thread, drawn for many ids at once: each draw is a call to the system.</summary>
    [ThreadStatic]
    private static RandomPool? random;

    /// <summary>A new UUIDv7 at the clock's time.</summary>
    public static Guid New(TimeProvider clock) => New(clock.GetUtcNow());

    /// <summary>A new UUIDv7 (RFC 9562, section 5.7) of a time: 48 bits of milliseconds, then 74 random ones.</summary>
    public static Guid New(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        (random ??= new RandomPool()).Take(bytes);
        var head = BinaryPrimitives.ReadUInt64BigEndian(bytes) & 0xfff;
        BinaryPrimitives.WriteUInt64BigEndian(bytes, ((ulong)time.ToUnixTimeMilliseconds() << 16) | 0x7000 | head);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

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

    private sealed class RandomPool
    {
        private readonly byte[] _bytes = new byte[512];
        private int _taken = 512;

        public void Take(Span<byte> bytes)
        {
            if (_taken + bytes.Length > _bytes.Length)
            {
                RandomNumberGenerator.Fill(_bytes);
                _taken = 0;
            }

            _bytes.AsSpan(_taken, bytes.Length).CopyTo(bytes);
            _taken += bytes.Length;
        }
    }
}
