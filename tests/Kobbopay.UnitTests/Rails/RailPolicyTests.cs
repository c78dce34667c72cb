using System.Numerics;
using CsCheck;
using Kobbopay.Payments.Rails;
using Microsoft.Extensions.Configuration;

namespace Kobbopay.UnitTests.Rails;

/// <summary>An asset's limits and confirmations, as configured and as applied.</summary>
public sealed class RailPolicyTests
{
    [Fact]
    public void Confirmations_are_those_of_the_highest_tier_that_the_amount_reaches()
    {
        var asset = Read(("Tiers:0:From", "1000"), ("Tiers:0:Confirmations", "12"), ("Tiers:1:From", "100.5"),
            ("Tiers:1:Confirmations", "6"));

        (string, int)[] expected = [("0.000001", 3), ("100.499999", 3), ("100.5", 6), ("999", 6), ("1000", 12)];
        foreach (var (amount, confirmations) in expected)
            asset.ConfirmationsFor(asset.ToUnits(decimal.Parse(amount))!.Value).Should().Be(confirmations, amount);
        asset.MostConfirmations.Should().Be(12);
    }

    [Fact]
    public void What_is_not_configured_has_its_default()
    {
        Read().Should().BeEquivalentTo(new
        {
            Currency = "USDT",
            Minimum = BigInteger.One,
            Maximum = BigInteger.Pow(10, 12),
            RequiredConfirmations = 3,
            Tiers = Array.Empty<ConfirmationTier>(),
            Enabled = true,
        });
    }

    [Fact]
    public void An_amount_in_the_currencys_unit_becomes_base_units_rounded_down()
    {
        var parts = Gen.Select(Gen.Int, Gen.Int, Gen.Int, Gen.Int[0, 28]);
        Gen.Select(parts, Gen.Int[0, 36]).Sample((number, decimals) =>
        {
            var (low, middle, high, scale) = number;
            var amount = new decimal(low, middle, high, isNegative: false, (byte)scale);
            var mantissa = new BigInteger(new decimal(low, middle, high, isNegative: false, 0));
            var expected = mantissa * BigInteger.Pow(10, decimals) / BigInteger.Pow(10, scale);
            return Of(decimals).ToUnits(amount) == expected;
        });
        Of(6).ToUnits(null).Should().BeNull();
    }

    [Theory]
    [InlineData("Minimum", "0")]
    [InlineData("Minimum", "-1")]
    [InlineData("Minimum", "1000001")]
    [InlineData("Maximum", "1e6")]
    [InlineData("Maximum", "0.0000001")]
    [InlineData("Maximum", "")]
    [InlineData("Confirmations", "0")]
    [InlineData("Confirmations", "-3")]
    [InlineData("Confirmations", "3.5")]
    [InlineData("Confirmations", "many")]
    [InlineData("Confirmations", "99999999999")]
    [InlineData("Tiers:0:From", "100")]
    [InlineData("Tiers:0:Confirmations", "6")]
    [InlineData("Enabled", "perhaps")]
    public void A_value_that_makes_no_sense_stops_the_start_and_is_named(string name, string value)
    {
        FluentActions.Invoking(() => Read((name, value))).Should().Throw<InvalidOperationException>()
            .WithMessage("*Rails:testnet:USDT*");
    }

    private static RailAsset Of(int decimals) =>
        new("USDT", null, decimals, BigInteger.One, BigInteger.One, RequiredConfirmations: 3, Tiers: []);

    private static RailAsset Read(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting =>
                KeyValuePair.Create<string, string?>($"Rails:testnet:USDT:{setting.Name}", setting.Value)))
            .Build();
        return RailConfiguration.Asset(
            configuration.GetSection("Rails:testnet:USDT"), contract: null, decimals: 6);
    }
}
