using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Digests;
using SimpleBase;

namespace Kobbopay.Payments.Rails.Evm;

/// <summary>How a network writes the 20 bytes of an address.</summary>
public enum AddressForm
{
    /// <summary><c>0x</c> and 40 hexadecimal digits, whose case is a checksum (EIP-55).</summary>
    Evm,

    /// <summary>Base58Check with the leading byte 0x41, beginning with T: Tron's.</summary>
    Tron,
}

/// <summary>Addresses as people read them, and as nodes do: <c>0x</c> and 40 lower-case digits.</summary>
internal static class EvmAddress
{
    private const byte TronPrefix = 0x41;
    private const int Length = 20;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>The form of a network for an address as nodes write it.</summary>
    public static string Shown(string hex, AddressForm form) =>
        form == AddressForm.Tron ? TronOf(hex) : Checksummed(hex[2..]);

    /// <summary>As nodes write it; null for what is no address in this form.</summary>
    public static string? Parse(string text, AddressForm form)
    {
        if (form == AddressForm.Evm)
        {
            // All in lower case it bears no checksum; otherwise the checksum has to be right.
            var hex = text.ToLowerInvariant();
            var isAddress = hex.Length == 2 + (2 * Length) && hex.StartsWith("0x", StringComparison.Ordinal)
                && !hex.AsSpan(2).ContainsAnyExcept(Digits);
            return isAddress && (text == hex || Shown(hex, form) == text) ? hex : null;
        }

        var payload = Base58Check.Decode(text, 1 + Length);
        return payload?[0] == TronPrefix ? $"0x{Convert.ToHexStringLower(payload.AsSpan(1))}" : null;
    }

    private static string TronOf(string hex) =>
        Base58Check.Encode([TronPrefix, .. Convert.FromHexString(hex.AsSpan(2))]);

    /// <summary>EIP-55: a letter is upper-case where the hash of the text has a high bit.</summary>
    private static string Checksummed(string hex)
    {
        Span<byte> hash = stackalloc byte[32];
        Keccak256(Encoding.ASCII.GetBytes(hex), hash);
        var text = new char[2 + hex.Length];
        (text[0], text[1]) = ('0', 'x');
        for (var i = 0; i < hex.Length; i++)
        {
            var high = ((hash[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 8) != 0;
            text[i + 2] = high ? char.ToUpperInvariant(hex[i]) : hex[i];
        }

        return new string(text);
    }

    /// <summary>The hash of Ethereum, which is not SHA-3's final form.</summary>
    public static void Keccak256(ReadOnlySpan<byte> data, Span<byte> hash)
    {
        var digest = new KeccakDigest(256);
        digest.BlockUpdate(data);
        digest.DoFinal(hash);
    }
}

/// <summary>Base58 with a checksum of four bytes, as Bitcoin, BIP32 and Tron write keys and addresses.</summary>
internal static class Base58Check
{
    private const int SumLength = 4;

    public static string Encode(byte[] payload) => Base58.Bitcoin.Encode([.. payload, .. SumOf(payload)]);

    /// <summary>Null unless it has exactly this many bytes and the right sum.</summary>
    public static byte[]? Decode(string text, int length)
    {
        if (!Ascii.IsValid(text))
            return null;
        var bytes = new byte[Base58.Bitcoin.GetSafeByteCountForDecoding(text)];
        try
        {
            if (!Base58.Bitcoin.TryDecode(text, bytes, out var written) || written != length + SumLength)
                return null;
        }
        catch (ArgumentException)
        {
            return null;
        }

        var payload = bytes[..length];
        return SumOf(payload).SequenceEqual(bytes.AsSpan(length, SumLength)) ? payload : null;
    }

    private static ReadOnlySpan<byte> SumOf(byte[] payload) =>
        SHA256.HashData(SHA256.HashData(payload)).AsSpan(0, SumLength);
}
