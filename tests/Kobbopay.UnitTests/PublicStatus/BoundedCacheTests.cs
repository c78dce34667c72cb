using Kobbopay.PublicStatus;

namespace Kobbopay.UnitTests.PublicStatus;

public sealed class BoundedCacheTests
{
    private const int Limit = 100;

    [Fact]
    public void It_never_holds_more_than_its_limit()
    {
        var cache = new BoundedCache<string>(Limit);
        for (var i = 0; i < 10 * Limit; i++)
        {
            cache.GetOrAdd($"key{i}", "value");
            cache.Count.Should().BeLessThanOrEqualTo(Limit);
        }
    }

    [Fact]
    public void What_is_used_again_stays()
    {
        var cache = new BoundedCache<string>(Limit);
        cache.GetOrAdd("watched", "value");
        for (var i = 0; i < 10 * Limit; i++)
        {
            cache.GetOrAdd($"key{i}", "other");
            cache.TryGet("watched", out var value).Should().BeTrue();
            value.Should().Be("value");
        }

        cache.TryGet("key0", out _).Should().BeFalse();
    }

    [Fact]
    public void The_first_value_of_a_key_stays_until_it_is_removed()
    {
        var cache = new BoundedCache<string>(Limit);
        cache.GetOrAdd("key", "first").Should().Be("first");
        cache.GetOrAdd("key", "second").Should().Be("first");
        cache.Remove("key");
        cache.GetOrAdd("key", "second").Should().Be("second");
    }

    [Fact]
    public async Task It_holds_its_limit_under_many_writers()
    {
        var cache = new BoundedCache<string>(Limit);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(() =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                cache.GetOrAdd($"key{(writer * 31) + i}", "value");
                if (i % 7 == 0)
                    cache.Remove($"key{i}");
            }
        })));
        cache.Count.Should().BeLessThanOrEqualTo(Limit + 8);
    }
}
