using CsCheck;
using Kobbopay.Contracts;

namespace Kobbopay.UnitTests.Contracts;

public sealed class ApiKeyTests
{
    [Theory]
    [InlineData("test")]
    [InlineData("live")]
    public void A_new_key_is_well_formed_and_names_its_environment(string environment)
    {
        var key = ApiKey.Create(environment);

        key.Should().MatchRegex($"^kp_{environment}_[0-9a-hjkmnp-tv-z]{{58}}$");
        ApiKey.IsWellFormed(key, out var read).Should().BeTrue();
        read.Should().Be(environment);
    }

    [Fact]
    public void Any_one_wrong_character_is_noticed() =>
        Gen.Select(Gen.Int[0, 65], Gen.Char[' ', '~']).Sample((at, c) =>
        {
            var key = ApiKey.Create("test");
            var mistyped = key[..at] + c + key[(at + 1)..];

            ApiKey.IsWellFormed(mistyped, out _).Should().Be(mistyped == key);
        });

    [Fact]
    public void Two_neighbours_that_changed_places_are_noticed() => Gen.Int[8, 64].Sample(at =>
    {
        var key = ApiKey.Create("live");
        var mistyped = $"{key[..at]}{key[at + 1]}{key[at]}{key[(at + 2)..]}";

        ApiKey.IsWellFormed(mistyped, out _).Should().Be(mistyped == key);
    });

    [Fact]
    public void A_key_of_one_environment_is_none_of_the_other()
    {
        var key = ApiKey.Create("test").Replace("kp_test_", "kp_live_", StringComparison.Ordinal);

        ApiKey.IsWellFormed(key, out _).Should().BeFalse();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("kp_test_")]
    [InlineData("YOUR_API_KEY")]
    public void Other_text_is_no_key(string? text)
    {
        ApiKey.IsWellFormed(text, out var environment).Should().BeFalse();
        environment.Should().BeNull();
    }

    [Fact]
    public void Keys_differ_and_so_do_their_hashes()
    {
        var keys = Enumerable.Range(0, 100).Select(_ => ApiKey.Create("live")).ToArray();

        keys.Select(ApiKey.Hash).Should().OnlyHaveUniqueItems().And.OnlyContain(hash => hash.Length == 64);
        ApiKey.Hash("abc").Should().Be("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
