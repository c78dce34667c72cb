using Kobbopay.Payments.Rails.Evm;

namespace Kobbopay.UnitTests.Rails;

public sealed class ExtendedPublicKeyTests
{
    /// <summary><c>m/44'/60'/0'</c> of the mnemonic <c>test test ... junk</c>, which every developer's wallet
    /// knows.</summary>
    private const string Account =
        "xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7"
        + "V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxqP";

    /// <summary>Of another account.</summary>
    private const string Other =
        "xpub6BuRy7ZmkGfP2RWhoor1kWB1w9DvrtmJbFBvnC1bQ4SB5NbCHTyQYCJS"
        + "XZtxDbFyHTmC7wkU2he3nYYdpZ3Vf6qUAkXSnL6RPif4BDtDEKr";

    [Fact]
    public void The_first_addresses_are_those_that_wallets_show()
    {
        ExtendedPublicKey.TryParse(Account, out var key).Should().Be(XpubError.None);

        Enumerable.Range(0, 3).Select(index => key!.AddressAt(index)).Should().Equal(
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
            "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
    }

    [Fact]
    public void A_fingerprint_tells_accounts_apart_and_begins_as_BIP32_has_it()
    {
        ExtendedPublicKey.TryParse(Account, out var key);
        ExtendedPublicKey.TryParse(Other, out var other);

        key!.Fingerprint.Should().MatchRegex("^[0-9a-f]{16}$").And.NotBe(other!.Fingerprint);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("xpub")]
    [InlineData("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")]
    [InlineData("xpüb6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7"
        + "V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxqP")]
    [InlineData("xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7"
        + "V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxqQ")]
    [InlineData("xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7"
        + "V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxq")]
    [InlineData("000000000000000000000000000000000000000000000000000000000000"
        + "0000000000000000000000000000000000000000000000000000")]
    public void What_is_mistyped_or_something_else_is_none(string? text)
    {
        ExtendedPublicKey.TryParse(text, out var key).Should().Be(XpubError.Malformed);
        key.Should().BeNull();
    }

    [Fact]
    public void A_private_key_is_recognised_as_one()
    {
        // BIP32, test vector 1, chain m.
        const string master =
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiC"
        + "hkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
        ExtendedPublicKey.TryParse(master, out _).Should().Be(XpubError.Private);
    }

    [Fact]
    public void The_fingerprint_of_a_published_vector_is_right()
    {
        // BIP32, test vector 1: the master key's fingerprint is 3442193e.
        const string master =
            "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2g"
        + "Z29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
        ExtendedPublicKey.TryParse(master, out var key).Should().Be(XpubError.None);
        key!.Fingerprint.Should().StartWith("3442193e");
    }
}
