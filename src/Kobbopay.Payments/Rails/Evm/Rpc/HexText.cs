using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>The wire's hexadecimal texts, read from UTF-8 as they come: numbers, and names of fixed length.</summary>
internal static class HexText
{
    /// <summary>Digits of a 256-bit number, or of a hash.</summary>
    public const int WordDigits = 64;
    public const int AddressDigits = 40;

    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789abcdefABCDEF"u8);

    /// <summary>Whether it is <c>0x</c> and exactly so many digits.</summary>
    public static bool Is(ReadOnlySpan<byte> text, int digits) =>
        text.Length == digits + 2 && text.StartsWith("0x"u8) && !text[2..].ContainsAnyExcept(Digits);

    public static string Lower(ReadOnlySpan<byte> text) => string.Create(
        text.Length, text, (lower, mixed) => Ascii.ToLower(mixed, lower, out _));

    /// <exception cref="FormatException">No number, or one that no height, time or index can have.</exception>
    public static long Long(ReadOnlySpan<byte> text) =>
        text.StartsWith("0x"u8)
        && long.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
        && value >= 0
            ? value
            : throw new FormatException("a number is wrong");

    /// <exception cref="FormatException">No index.</exception>
    public static int Int(ReadOnlySpan<byte> text) =>
        Long(text) is var value and <= int.MaxValue ? (int)value : throw new FormatException("an index is wrong");

    /// <summary>Any number of 256 bits, exactly; with leading zeros or without.</summary>
    /// <exception cref="FormatException">No number, or a greater one.</exception>
    public static BigInteger Big(ReadOnlySpan<byte> text)
    {
        if (text.Length is < 3 or > WordDigits + 2 || !text.StartsWith("0x"u8))
            throw new FormatException("an amount is wrong");
        Span<byte> digits = stackalloc byte[WordDigits];
        var given = text[2..];
        digits[..^given.Length].Fill((byte)'0');
        given.CopyTo(digits[^given.Length..]);
        Span<byte> bytes = stackalloc byte[WordDigits / 2];
        return Convert.FromHexString(digits, bytes, out _, out _) == OperationStatus.Done
            ? new BigInteger(bytes, isUnsigned: true, isBigEndian: true)
            : throw new FormatException("an amount is wrong");
    }
}
