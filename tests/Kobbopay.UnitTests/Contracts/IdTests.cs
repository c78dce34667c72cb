using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics;
using CsCheck;
using Kobbopay.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.UnitTests.Contracts;

public sealed class IdTests
{
    private static readonly Gen<Guid> AnyGuid = Gen.Byte.Array[16].Select(bytes => new Guid(bytes, bigEndian: true));

    [Fact]
    public void Text_and_id_turn_into_each_other() => AnyGuid.Sample(id =>
    {
        var text = Id.Format(Id.Payment, id);

        Id.TryParse(Id.Payment, text, out var back).Should().BeTrue();
        back.Should().Be(id);
        text.Should().MatchRegex("^pay_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    });

    [Fact]
    public void Text_sorts_as_the_bytes_do() => Gen.Select(AnyGuid, AnyGuid).Sample((a, b) =>
    {
        var byBytes = a.ToByteArray(bigEndian: true).AsSpan().SequenceCompareTo(b.ToByteArray(bigEndian: true));
        var byText = string.CompareOrdinal(Id.Format(Id.Event, a), Id.Format(Id.Event, b));

        Math.Sign(byText).Should().Be(Math.Sign(byBytes));
    });

    [Fact]
    public void An_id_has_one_spelling() => Gen.Select(AnyGuid, Gen.Int[4, 29], Gen.Char).Sample((id, at, c) =>
    {
        var text = Id.Format(Id.Payment, id);
        var changed = text[..at] + c + text[(at + 1)..];

        if (Id.TryParse(Id.Payment, changed, out var other))
            Id.Format(Id.Payment, other).Should().Be(changed);
    });

    [Fact]
    public void A_new_id_is_a_version_7_uuid_of_its_time_and_no_other_is_the_same()
    {
        var time = new DateTimeOffset(2026, 3, 4, 5, 6, 7, 89, TimeSpan.Zero);
        var ids = new ConcurrentBag<Guid>();

        Parallel.For(0, 10_000, _ => ids.Add(Id.New(time)));

        ids.Should().OnlyHaveUniqueItems();
        foreach (var id in ids)
        {
            (id.Version, id.Variant & 0b1100).Should().Be((7, 0b1000));
            Convert.ToHexString(id.ToByteArray(bigEndian: true)[..6])
                .Should().Be(time.ToUnixTimeMilliseconds().ToString("X12", CultureInfo.InvariantCulture));
        }

        // Each of the 74 random bits is sometimes set and sometimes not.
        var bits = ids.Select(id => new BigInteger(
            id.ToByteArray(bigEndian: true), isUnsigned: true, isBigEndian: true)).ToArray();
        var (all, any) = (bits.Aggregate((a, b) => a & b), bits.Aggregate((a, b) => a | b));
        var random = (BigInteger.One << 76) - 1 - (new BigInteger(3) << 62);
        (all & random).Should().Be(BigInteger.Zero);
        (any & random).Should().Be(random);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("pay_")]
    [InlineData("evt_00000000000000000000000000")]
    [InlineData("PAY_00000000000000000000000000")]
    [InlineData("pay_0000000000000000000000000")]
    [InlineData("pay_000000000000000000000000000")]
    [InlineData("pay_0000000000000000000000000O")]
    [InlineData("pay_0000000000000000000000000A")]
    [InlineData("pay_0000000000000000000000000i")]
    [InlineData("pay_80000000000000000000000000")]
    [InlineData("pay_zzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public void Nothing_else_is_an_id(string? text)
    {
        Id.TryParse(Id.Payment, text, out _).Should().BeFalse();
    }

    [Fact]
    public void Later_ids_sort_after_earlier_ones()
    {
        var clock = new FakeTimeProvider();
        var texts = new List<string>();
        for (var i = 0; i < 50; i++, clock.Advance(TimeSpan.FromMilliseconds(1)))
            texts.Add(Id.Format(Id.Payment, Id.New(clock)));

        texts.Should().BeInAscendingOrder(StringComparer.Ordinal);
    }
}
