using System.Numerics;
using System.Text;
using CsCheck;
using Kobbopay.Payments.Rails.Evm.Rpc;

namespace Kobbopay.UnitTests.Rails.Evm;

public sealed class HexTextTests
{
    private static readonly BigInteger Most = BigInteger.Pow(2, 256) - 1;

    [Fact]
    public void Amounts_are_exact_up_to_the_greatest()
    {
        Big("0x" + new string('f', 64)).Should().Be(Most);
        Big("0x" + new string('F', 64)).Should().Be(Most);
        Big("0x0").Should().Be(BigInteger.Zero);
        Big("0x" + new string('0', 64)).Should().Be(BigInteger.Zero);
    }

    [Fact]
    public void An_odd_number_of_digits_is_a_number_too()
    {
        Big("0x1").Should().Be(1);
        Big("0xabc").Should().Be(0xabc);
        HexText.Long("0x10f"u8).Should().Be(0x10f);
    }

    [Fact]
    public void Any_amount_is_what_it_was_written_from()
    {
        Gen.Byte.Array[1, 32].Sample(bytes =>
        {
            var amount = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
            var digits = Convert.ToHexStringLower(bytes).TrimStart('0');
            return Big("0x" + (digits.Length == 0 ? "0" : digits)) == amount
                && Big("0x" + digits.PadLeft(64, '0')) == amount;
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("12")]
    [InlineData("0xg1")]
    [InlineData("0x-1")]
    [InlineData("0x 1")]
    [InlineData("0x10000000000000000000000000000000000000000000000000000000000000000")]
    public void What_is_no_amount_is_refused(string text)
    {
        var decoding = () => Big(text);

        decoding.Should().Throw<FormatException>();
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("7")]
    [InlineData("0x-1")]
    [InlineData("0x8000000000000000")]
    [InlineData("0xffffffffffffffff")]
    [InlineData("0x10000000000000000")]
    public void What_is_no_height_is_refused(string text)
    {
        var decoding = () => HexText.Long(Encoding.UTF8.GetBytes(text));

        decoding.Should().Throw<FormatException>();
    }

    [Fact]
    public void An_index_has_31_bits()
    {
        var decoding = () => HexText.Int("0x80000000"u8);

        decoding.Should().Throw<FormatException>();
        HexText.Int("0x7fffffff"u8).Should().Be(int.MaxValue);
    }

    [Fact]
    public void Names_are_made_lower_case_and_once()
    {
        var texts = new TextCache();

        var first = texts.Lower("0xABCDEFabcdef0123"u8);

        first.Should().Be("0xabcdefabcdef0123");
        texts.Lower("0xabcdefABCDEF0123"u8).Should().BeSameAs(first);
        texts.Lower("0x1bcdefABCDEF0123"u8).Should().Be("0x1bcdefabcdef0123", "it falls on the same place");
    }

    private static BigInteger Big(string text) => HexText.Big(Encoding.UTF8.GetBytes(text));
}
