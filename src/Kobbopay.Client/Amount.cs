using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kobbopay.Client;

/// <summary>
/// An exact decimal number of any length, such as <c>10.5</c>. Amounts of tokens with 18 decimals do not always fit
/// into <see cref="decimal"/>, and never into a double, so they are kept as text and compared as numbers. Made from a
/// <see cref="decimal"/>, an <see cref="int"/> or a <see cref="string"/> without a cast.
/// </summary>
[JsonConverter(typeof(AmountConverter))]
public readonly struct Amount : IEquatable<Amount>, IComparable<Amount>
{
    // Without leading or trailing zeros, so that equal numbers are equal texts. Null is that of default(Amount).
    private readonly string? _text;

    private Amount(string text) => _text = text;

    /// <summary>Nothing.</summary>
    public static Amount Zero => default;

    /// <summary>A decimal number, exactly.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public static implicit operator Amount(decimal value) => FromDecimal(value);

    /// <summary>A whole number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public static implicit operator Amount(int value) => FromDecimal(value);

    /// <summary>As <see cref="Parse"/>.</summary>
    /// <exception cref="FormatException">It is no plain decimal number.</exception>
    public static implicit operator Amount(string text) => Parse(text);

    /// <summary>Whether both are the same number.</summary>
    public static bool operator ==(Amount left, Amount right) => left.Equals(right);

    /// <summary>Whether they are different numbers.</summary>
    public static bool operator !=(Amount left, Amount right) => !left.Equals(right);

    /// <summary>Whether the left one is less.</summary>
    public static bool operator <(Amount left, Amount right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left one is more.</summary>
    public static bool operator >(Amount left, Amount right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left one is not more.</summary>
    public static bool operator <=(Amount left, Amount right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left one is not less.</summary>
    public static bool operator >=(Amount left, Amount right) => left.CompareTo(right) >= 0;

    /// <summary>A decimal number, exactly.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public static Amount FromDecimal(decimal value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        return Parse(value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Digits, and a point with digits behind it or none: no sign, no exponent, no separators.</summary>
    /// <exception cref="FormatException">It is no plain decimal number.</exception>
    public static Amount Parse(string text) => TryParse(text, out var amount)
        ? amount
        : throw new FormatException("An amount is a plain decimal number, such as 10.5.");

    /// <summary>As <see cref="Parse"/>, without an exception.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Amount amount)
    {
        amount = default;
        if (text is null)
            return false;
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var (whole, fraction) = point < 0 ? (text, "0") : (text[..point], text[(point + 1)..]);
        if (whole.Length == 0 || fraction.Length == 0 || !whole.All(char.IsAsciiDigit)
            || !fraction.All(char.IsAsciiDigit))
        {
            return false;
        }

        (whole, fraction) = (whole.TrimStart('0'), fraction.TrimEnd('0'));
        whole = whole.Length == 0 ? "0" : whole;
        amount = new Amount(fraction.Length == 0 ? whole : $"{whole}.{fraction}");
        return true;
    }

    /// <summary>The number as a <see cref="decimal"/>, when it fits without losing a digit.</summary>
    public bool TryToDecimal(out decimal value) =>
        decimal.TryParse(ToString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value)
        && FromDecimal(value) == this;

    /// <summary>The number as a <see cref="decimal"/>.</summary>
    /// <exception cref="OverflowException">It does not fit without losing a digit.</exception>
    public decimal ToDecimal() => TryToDecimal(out var value)
        ? value
        : throw new OverflowException($"The amount {this} has more digits than a decimal.");

    /// <inheritdoc/>
    public int CompareTo(Amount other)
    {
        var (a, b) = (Split(ToString()), Split(other.ToString()));
        var longer = a.Whole.Length.CompareTo(b.Whole.Length);
        if (longer != 0)
            return longer;
        var whole = string.CompareOrdinal(a.Whole, b.Whole);
        return Math.Sign(whole != 0 ? whole : string.CompareOrdinal(a.Fraction, b.Fraction));
    }

    /// <inheritdoc/>
    public bool Equals(Amount other) => string.Equals(ToString(), other.ToString(), StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Amount other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>The number without leading or trailing zeros, as the interface writes it.</summary>
    public override string ToString() => _text ?? "0";

    private static (string Whole, string Fraction) Split(string text) =>
        text.IndexOf('.', StringComparison.Ordinal) is > 0 and var point
            ? (text[..point], text[(point + 1)..])
            : (text, string.Empty);
}

/// <summary>Written as a text; read from a text, or from the digits of a number as they stand there.</summary>
internal sealed class AmountConverter : JsonConverter<Amount>
{
    public override Amount Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number => Encoding.UTF8.GetString(
                reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan),
            _ => null,
        };
        return Amount.TryParse(text, out var amount)
            ? amount
            : throw new JsonException("An amount is a plain decimal number.");
    }

    public override void Write(Utf8JsonWriter writer, Amount value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
