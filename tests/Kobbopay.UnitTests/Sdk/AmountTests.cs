using System.Numerics;
using CsCheck;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.Sdk;

public sealed class AmountTests
{
    [Theory]
    [InlineData("10.50", "10.5")]
    [InlineData("007", "7")]
    [InlineData("0.000", "0")]
    [InlineData(
        "115792089237316195423570985008687907853269984665640564039457.584007913129639935",
        "115792089237316195423570985008687907853269984665640564039457.584007913129639935")]
    public void A_number_keeps_each_of_its_digits(string text, string canonical) =>
        Amount.Parse(text).ToString().Should().Be(canonical);

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1e3")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("1,000")]
    [InlineData("1.2.3")]
    [InlineData(" 1")]
    [InlineData("NaN")]
    [InlineData("١")]
    public void What_is_no_plain_number_is_refused(string text)
    {
        Amount.TryParse(text, out _).Should().BeFalse();
        FluentActions.Invoking(() => Amount.Parse(text)).Should().Throw<FormatException>();
    }

    [Fact]
    public void Numbers_are_compared_as_numbers() =>
        Gen.Select(Gen.Int[0, 200_000], Gen.Int[0, 6], Gen.Int[0, 200_000], Gen.Int[0, 6]).Sample((a, m, b, n) =>
        {
            var (left, right) = (new decimal(a, 0, 0, false, (byte)m), new decimal(b, 0, 0, false, (byte)n));
            Amount x = left, y = right;
            bool[] found = [x == y, x != y, x < y, (x > y), x <= y, x >= y];
            bool[] expected =
            [
                left == right, left != right, left < right, (left > right), left <= right, left >= right,
            ];
            return found.SequenceEqual(expected) && (x != y || x.GetHashCode() == y.GetHashCode());
        });

    [Fact]
    public void Long_numbers_are_compared_as_numbers()
    {
        Amount most = BigInteger.Pow(2, 256).ToString();
        (most > Amount.Parse($"{decimal.MaxValue}")).Should().BeTrue();
        most.TryToDecimal(out _).Should().BeFalse();
        FluentActions.Invoking(() => most.ToDecimal()).Should().Throw<OverflowException>();
    }

    [Fact]
    public void A_decimal_goes_in_and_out_unchanged_and_is_not_rounded()
    {
        Amount.FromDecimal(decimal.MaxValue).ToDecimal().Should().Be(decimal.MaxValue);
        Amount.Parse("0.1234567890123456789012345678").ToDecimal().Should().Be(0.1234567890123456789012345678m);
        Amount.Parse("0.12345678901234567890123456789").TryToDecimal(out _).Should().BeFalse();
        default(Amount).Should().Be(Amount.Zero);
        default(Amount).ToString().Should().Be("0");
        FluentActions.Invoking(() => Amount.FromDecimal(-1)).Should().Throw<ArgumentOutOfRangeException>();
    }
}
