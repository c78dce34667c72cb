namespace Kobbopay.Contracts;

/// <summary>
/// Lower-case Crockford base32 of whole big-endian numbers, so that the text sorts as the bytes do.
/// Own code because the packages pad at the low end and decode leniently; an id must have exactly one spelling.
/// </summary>
internal static class CrockfordBase32
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>Characters that <paramref name="bytes"/> bytes take: 26 for 16, 52 for 32.</summary>
    public static int LengthOf(int bytes) => ((bytes * 8) + 4) / 5;

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[LengthOf(bytes.Length)];
        int buffer = 0, bits = 0, at = text.Length;
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            buffer |= bytes[i] << bits;
            bits += 8;
            for (; bits >= 5; bits -= 5, buffer >>= 5)
                text[--at] = Alphabet[buffer & 31];
        }

        if (bits > 0)
            text[--at] = Alphabet[buffer & 31];
        return new string(text);
    }

    /// <summary>
    /// False unless <paramref name="text"/> is the one text that <see cref="Encode"/> gives for some bytes.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        if (text.Length != LengthOf(bytes.Length))
            return false;

        int buffer = 0, bits = 0, at = bytes.Length;
        for (var i = text.Length - 1; i >= 0; i--)
        {
            var value = Alphabet.IndexOf(text[i], StringComparison.Ordinal);
            if (value < 0)
                return false;
            buffer |= value << bits;
            bits += 5;
            for (; bits >= 8 && at > 0; bits -= 8, buffer >>= 8)
                bytes[--at] = (byte)buffer;
        }

        return at == 0 && buffer == 0;
    }
}
