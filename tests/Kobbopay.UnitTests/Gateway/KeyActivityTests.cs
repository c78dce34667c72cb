using Kobbopay.Contracts;
using Kobbopay.Gateway;
using Kobbopay.UnitTests.Defaults;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.UnitTests.Gateway;

public sealed class KeyActivityTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Start);
    private readonly KeyActivity _activity;

    public KeyActivityTests() => _activity = new KeyActivity(_clock);

    [Fact]
    public void A_key_is_told_once_with_its_last_use()
    {
        var key = KeyOf(1);
        _activity.Used(key);
        _clock.Advance(TimeSpan.FromSeconds(3));
        _activity.Used(key);
        // The same key, asked for again.
        _activity.Used(KeyOf(1));
        _activity.Used(KeyOf(2));

        _activity.Take()!.Uses.Should().BeEquivalentTo(
            [new ApiKeyUse(IdOf(1), Start.AddSeconds(3)), new ApiKeyUse(IdOf(2), Start.AddSeconds(3))]);
        _activity.Take().Should().BeNull();

        _activity.Used(key);
        _activity.Take()!.Uses.Should().Equal(new ApiKeyUse(IdOf(1), Start.AddSeconds(3)));
    }

    [Fact]
    public void Misuse_and_guesses_are_counted_until_they_are_told()
    {
        for (var i = 0; i < 3; i++)
        {
            _activity.Misused(KeyOf(1), "Origin", $"192.0.2.{i}");
            _activity.Guessed("192.0.2.9");
        }

        _activity.Misused(KeyOf(1), "Sec-Fetch-Site", address: null);

        var told = _activity.Take()!;
        told.Uses.Should().BeEmpty();
        told.Misuses.Should().BeEquivalentTo(
        [
            new ApiKeyMisuse(IdOf(1), IdOf(1), "test", "Origin", "192.0.2.2", Start, 3),
            new ApiKeyMisuse(IdOf(1), IdOf(1), "test", "Sec-Fetch-Site", null, Start, 1),
        ]);
        told.Guessing.Should().Equal(new GuessingAddress("192.0.2.9", 3, Start));
        _activity.Take().Should().BeNull();
    }

    [Fact]
    public void A_report_has_its_limit_and_the_rest_follows_in_the_next()
    {
        for (var i = 0; i < ApiKeyActivity.Limit + 10; i++)
        {
            _activity.Used(KeyOf(i));
            _activity.Misused(KeyOf(i), "Origin", address: null);
            _activity.Guessed($"address-{i}");
        }

        var told = _activity.Take()!;
        told.Uses.Should().HaveCount(ApiKeyActivity.Limit);
        told.Misuses.Should().HaveCount(ApiKeyActivity.Limit);
        told.Guessing.Should().HaveCount(ApiKeyActivity.Limit);
        _activity.Take()!.Uses.Should().HaveCount(10);
        _activity.Take().Should().BeNull();
    }

    [Fact]
    public void What_waits_to_be_told_is_bounded()
    {
        for (var i = 0; i < KeyActivity.KeysLimit + 10; i++)
            _activity.Used(KeyOf(i));

        var told = 0;
        while (_activity.Take() is { } report)
            told += report.Uses.Count;
        told.Should().Be(KeyActivity.KeysLimit);
    }

    private static Guid IdOf(int number) => new(number, 0, 0, new byte[8]);

    private KnownKey KeyOf(int number) => new(
        $"hash-{number}",
        new ApiKeyDescription(IdOf(number), IdOf(number), "test", [], ExpiresAt: null, Version: 1),
        askedAt: 0,
        TestIdentity.Issuer("Kobbopay.Gateway", "payments", _clock));
}
