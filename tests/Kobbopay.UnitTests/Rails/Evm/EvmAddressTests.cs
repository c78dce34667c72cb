using CsCheck;
using Kobbopay.Payments.Rails.Evm;

namespace Kobbopay.UnitTests.Rails.Evm;

public sealed class EvmAddressTests
{
    private const string TronAccount =
        "xpub6BuRy7ZmkGfP2RWhoor1kWB1w9DvrtmJbFBvnC1bQ4SB5NbCHTyQYCJS"
        + "XZtxDbFyHTmC7wkU2he3nYYdpZ3Vf6qUAkXSnL6RPif4BDtDEKr";

    [Fact]
    public void Tron_writes_the_same_bytes_with_a_T()
    {
        ExtendedPublicKey.TryParse(TronAccount, out var key);
        Enumerable.Range(0, 2).Select(index => key!.AddressAt(index, AddressForm.Tron)).Should().Equal(
            "TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL6", "TPjjvMwjPoDC32V2dGDYTkLH4E5LAtBZ6C");
    }

    [Theory]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")]
    [InlineData("0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB")]
    [InlineData("0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb")]
    public void The_case_of_an_address_is_its_checksum(string address)
    {
        var hex = address.ToLowerInvariant();
        EvmAddress.Shown(hex, AddressForm.Evm).Should().Be(address);
        EvmAddress.Parse(address, AddressForm.Evm).Should().Be(hex);
        EvmAddress.Parse(hex, AddressForm.Evm).Should().Be(hex);
        var letter = address.IndexOfAny([.. "abcdef"], 2);
        EvmAddress.Parse(
            address[..letter] + char.ToUpperInvariant(address[letter]) + address[(letter + 1)..], AddressForm.Evm)
            .Should().BeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae")]
    [InlineData("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaedd")]
    [InlineData("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg")]
    [InlineData("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed00")]
    [InlineData("TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL6")]
    public void What_is_no_address_is_none(string text) =>
        EvmAddress.Parse(text, AddressForm.Evm).Should().BeNull();

    [Theory]
    [InlineData("")]
    [InlineData("TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL7")]
    [InlineData("TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")]
    [InlineData("TWér2Ygk5TEheHp3TPuYeqxmB6SsGZmaL6")]
    public void What_is_no_address_of_Tron_is_none(string text) =>
        EvmAddress.Parse(text, AddressForm.Tron).Should().BeNull();

    [Fact]
    public void Each_form_gives_the_bytes_back() =>
        Gen.Select(Gen.Byte.Array[20], Gen.Enum<AddressForm>()).Sample((bytes, form) =>
        {
            var hex = $"0x{Convert.ToHexStringLower(bytes)}";
            return EvmAddress.Parse(EvmAddress.Shown(hex, form), form) == hex;
        });
}
