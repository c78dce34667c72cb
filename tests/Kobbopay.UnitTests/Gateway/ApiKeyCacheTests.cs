using System.Collections.Concurrent;
using Kobbopay.Contracts;
using Kobbopay.Gateway;
using Kobbopay.UnitTests.Defaults;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.UnitTests.Gateway;

public sealed class ApiKeyCacheTests
{
    private static readonly ApiKeyDescription Description =
        new(Guid.Empty, Guid.Empty, "test", ["payments:read"], ExpiresAt: null, Version: 3);

    private readonly FakeTimeProvider _clock = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly ApiKeyCache _cache;
    private Func<CancellationToken, Task<ApiKeyDescription?>> _answer =
        _ => Task.FromResult<ApiKeyDescription?>(Description);

    public ApiKeyCacheTests() => _cache = new ApiKeyCache(
        (hash, cancellation) =>
        {
            _asked.Enqueue(hash);
            return _answer(cancellation);
        },
        TestIdentity.Issuer("Kobbopay.Gateway", "payments", _clock),
        _clock);

    [Theory]
    [InlineData(true, 30)]
    [InlineData(false, 5)]
    public async Task An_answer_is_held_for_its_time_and_no_longer(bool known, int seconds)
    {
        _answer = _ => Task.FromResult(known ? Description : null);
        await FindAsync();

        _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        await FindAsync();
        _asked.Should().HaveCount(1);

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await FindAsync();
        _asked.Should().HaveCount(2);
    }

    [Fact]
    public async Task An_answer_is_as_old_as_its_question()
    {
        var answer = new TaskCompletionSource<ApiKeyDescription?>();
        _answer = _ => answer.Task;
        var slow = FindAsync();
        await AskedAsync(1);

        _clock.Advance(TimeSpan.FromSeconds(1));
        answer.SetResult(Description);
        await slow;
        _clock.Advance(TimeSpan.FromSeconds(29));
        await FindAsync();

        _asked.Should().HaveCount(2);
    }

    [Fact]
    public async Task Questions_for_one_key_are_one_question_and_a_caller_who_leaves_does_not_end_it()
    {
        var answer = new TaskCompletionSource<ApiKeyDescription?>();
        _answer = cancellation => answer.Task.WaitAsync(cancellation);
        using var leaves = new CancellationTokenSource();
        var first = _cache.FindAsync("a", leaves.Token).AsTask();
        var others = Enumerable.Range(0, 20).Select(_ => FindAsync()).ToArray();
        await AskedAsync(1);

        await leaves.CancelAsync();
        await first.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        answer.SetResult(Description);

        (await Task.WhenAll(others)).Should().OnlyContain(key => key!.Description == Description);
        _asked.Should().Equal("a");
    }

    [Fact]
    public async Task A_failed_question_is_not_held()
    {
        _answer = _ => Task.FromException<ApiKeyDescription?>(new HttpRequestException("away"));
        await this.Invoking(test => test.FindAsync()).Should().ThrowAsync<HttpRequestException>();

        _answer = _ => Task.FromResult<ApiKeyDescription?>(Description);
        (await FindAsync())!.Description.Should().Be(Description);
    }

    [Fact]
    public async Task A_question_that_hangs_is_given_up_after_two_seconds()
    {
        _answer = async cancellation =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _clock, cancellation);
            return Description;
        };
        var hanging = FindAsync();
        await AskedAsync(1);

        _clock.Advance(TimeSpan.FromSeconds(2));

        await hanging.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task An_answer_of_an_older_version_does_not_replace_a_newer_one()
    {
        await FindAsync();
        _clock.Advance(ApiKeyCache.KnownFor);
        _answer = _ => Task.FromResult<ApiKeyDescription?>(Description with { Version = 2, Scopes = ["keys:write"] });

        (await FindAsync())!.Description.Should().Be(Description);

        _answer = _ => Task.FromResult<ApiKeyDescription?>(Description with { Version = 4 });
        (await FindAsync())!.Description.Version.Should().Be(4);
    }

    [Fact]
    public async Task A_revoked_key_is_forgotten()
    {
        await FindAsync();
        _clock.Advance(ApiKeyCache.KnownFor);
        _answer = _ => Task.FromResult<ApiKeyDescription?>(null);

        (await FindAsync()).Should().BeNull();
        _cache.Count.Should().Be(1);
    }

    [Fact]
    public async Task A_change_that_is_told_drops_the_key_at_once()
    {
        await FindAsync();

        _cache.Drop("a", 4);
        _answer = _ => Task.FromResult<ApiKeyDescription?>(null);

        (await FindAsync()).Should().BeNull();
    }

    [Fact]
    public async Task A_change_that_is_held_already_costs_no_question()
    {
        await FindAsync();

        _cache.Drop("a", 3);
        await FindAsync();

        _asked.Should().Equal("a");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_a_change_has_overtaken_is_not_given_but_asked_for_again(bool wasKnown)
    {
        var slow = new TaskCompletionSource<ApiKeyDescription?>();
        _answer = _ => slow.Task;
        var finding = FindAsync();
        await AskedAsync(1);
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        _cache.Drop("a", 4);
        var newer = Description with { Version = 4 };
        _answer = _ => Task.FromResult<ApiKeyDescription?>(wasKnown ? null : newer);
        slow.SetResult(wasKnown ? Description : null);

        (await finding)?.Description.Should().Be(newer);
        (await FindAsync())?.Description.Should().Be(newer);
        _asked.Should().HaveCount(2);
    }

    [Fact]
    public async Task Answers_that_stay_behind_a_change_are_a_failure_and_never_the_old_key()
    {
        _cache.Drop("a", 4);

        await this.Invoking(test => test.FindAsync()).Should().ThrowAsync<HttpRequestException>();

        _asked.Should().HaveCount(3);
        _cache.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_flood_of_invented_keys_is_bounded_and_pushes_no_known_key_out()
    {
        await FindAsync();
        _answer = _ => Task.FromResult<ApiKeyDescription?>(null);
        for (var i = 0; i < ApiKeyCache.Limit + 100; i++)
            await _cache.FindAsync($"invented-{i}", CancellationToken.None);

        _cache.Count.Should().BeLessThanOrEqualTo(ApiKeyCache.Limit + 1);
        _asked.Clear();
        (await FindAsync())!.Description.Should().Be(Description);
        _asked.Should().BeEmpty();
    }

    private Task<KnownKey?> FindAsync() => _cache.FindAsync("a", TestContext.Current.CancellationToken).AsTask();

    private async Task AskedAsync(int count)
    {
        while (_asked.Count < count)
            await Task.Yield();
    }
}
