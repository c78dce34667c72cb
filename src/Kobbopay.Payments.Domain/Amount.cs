using System.Buffers;
using System.Numerics;

namespace Kobbopay.Payments.Domain;

/// <summary>
/// Money between its two exact forms: decimal text as merchants write it (<c>10.5</c>) and base units, the smallest
/// unit of the asset (<c>10500000</c> of 6 decimals). Never a floating-point number, never rounded (contracts.md,
/// section 1).
/// </summary>
public static class Amount
{
    /// <summary>Digits before the point at most: what numeric(78,0), an EVM's 256 bits, can hold.</summary>
    public const int IntegerDigits = 78;

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>Reads <c>digits[.digits]</c>: no sign, no exponent, no group marks, no needless leading zero.</summary>
    public static AmountError TryParse(string text, int decimals, out BigInteger baseUnits)
    {
        baseUnits = BigInteger.Zero;
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? text : text[..point];
        var fraction = point < 0 ? string.Empty : text[(point + 1)..];

        if (IsNegative(text))
            return AmountError.NotPositive;
        if (!IsDigits(whole) || (point >= 0 && !IsDigits(fraction)) || (whole.Length > 1 && whole[0] == '0'))
            return AmountError.Malformed;
        if (fraction.Length > decimals)
            return AmountError.TooManyDecimals;
        if (whole.Length > IntegerDigits)
            return AmountError.TooLarge;

        baseUnits = BigInteger.Parse(whole + fraction.PadRight(decimals, '0'));
        return baseUnits.IsZero ? AmountError.NotPositive : AmountError.None;
    }

    /// <summary>The decimal string of contracts.md: no exponent, no trailing zeros.</summary>
    public static string Format(BigInteger baseUnits, int decimals)
    {
        var digits = BigInteger.Abs(baseUnits).ToString().PadLeft(decimals + 1, '0');
        var fraction = digits[^decimals..].TrimEnd('0');
        var text = fraction.Length == 0 ? digits[..^decimals] : $"{digits[..^decimals]}.{fraction}";
        return baseUnits.Sign < 0 ? $"-{text}" : text;
    }

    private static bool IsNegative(string text) =>
        text.Length > 1 && text[0] == '-' && text.AsSpan(1).IndexOfAnyExcept(NumberCharacters) < 0;

    private static bool IsDigits(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);
}

public enum AmountError
{
    None,

    /// <summary>Not plain decimal digits; an exponent is one such case.</summary>
    Malformed,
    NotPositive,
    TooLarge,
    TooManyDecimals,
}
