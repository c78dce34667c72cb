using System.Numerics;
using CsCheck;
using Kobbopay.Payments.Domain;

namespace Kobbopay.UnitTests.Domain;

public sealed class AmountTests
{
    [Theory]
    [InlineData("10.5", 6, 10_500_000)]
    [InlineData("10.500000", 6, 10_500_000)]
    [InlineData("0.000001", 6, 1)]
    [InlineData("7", 0, 7)]
    public void Decimal_text_becomes_base_units(string text, int decimals, long units)
    {
        Amount.TryParse(text, decimals, out var parsed).Should().Be(AmountError.None);
        parsed.Should().Be(units);
    }

    [Theory]
    [InlineData("0", AmountError.NotPositive)]
    [InlineData("0.000000", AmountError.NotPositive)]
    [InlineData("-1", AmountError.NotPositive)]
    [InlineData("-0.5", AmountError.NotPositive)]
    [InlineData("10.1234567", AmountError.TooManyDecimals)]
    [InlineData("1e1", AmountError.Malformed)]
    [InlineData("1E400", AmountError.Malformed)]
    [InlineData("-1e1", AmountError.Malformed)]
    [InlineData("10,5", AmountError.Malformed)]
    [InlineData("", AmountError.Malformed)]
    [InlineData(".5", AmountError.Malformed)]
    [InlineData("5.", AmountError.Malformed)]
    [InlineData("05", AmountError.Malformed)]
    [InlineData("+5", AmountError.Malformed)]
    [InlineData(" 5", AmountError.Malformed)]
    [InlineData("1_000", AmountError.Malformed)]
    [InlineData("٣", AmountError.Malformed)]
    [InlineData("1.2.3", AmountError.Malformed)]
    [InlineData(
        "1000000000000000000000000000000000000000000000000000000000000000000000000000000", AmountError.TooLarge)]
    public void Anything_but_a_plain_positive_decimal_is_refused_and_never_rounded(string text, AmountError error)
    {
        Amount.TryParse(text, 6, out _).Should().Be(error);
    }

    [Theory]
    [InlineData(10_500_000, 6, "10.5")]
    [InlineData(10_000_000, 6, "10")]
    [InlineData(1, 6, "0.000001")]
    [InlineData(0, 6, "0")]
    [InlineData(-1_500_000, 6, "-1.5")]
    [InlineData(100, 0, "100")]
    public void Base_units_are_shown_without_exponent_and_trailing_zeros(long units, int decimals, string text)
    {
        Amount.Format(units, decimals).Should().Be(text);
    }

    [Fact]
    public void What_is_shown_reads_back_as_the_same_units()
    {
        var amounts = Gen.Byte.Array[1, 30].Select(bytes => new BigInteger(bytes, isUnsigned: true) + 1);
        Gen.Select(amounts, Gen.Int[0, 36]).Sample((units, decimals) =>
            Amount.TryParse(Amount.Format(units, decimals), decimals, out var parsed) == AmountError.None
            && parsed == units);
    }
}
