using CsCheck;
using Kobbopay.Webhooks.Deliveries;

namespace Kobbopay.UnitTests.Webhooks;

public sealed class RetryScheduleTests
{
    private static readonly Gen<string> Environment = Gen.Bool.Select(live => live ? "live" : "test");
    private static readonly Gen<double> Draw = Gen.Double[0, 0.999];

    [Fact]
    public void The_live_schedule_makes_ten_attempts_over_75_hours_and_35_minutes()
    {
        var waits = WaitsOf("live");

        waits.Should().HaveCount(9);
        RetrySchedule.AttemptLimit("live").Should().Be(10);
        waits.Aggregate(TimeSpan.Zero, (sum, wait) => sum + wait)
            .Should().BeCloseTo(new TimeSpan(75, 35, 5), TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void The_test_schedule_makes_five_attempts()
    {
        WaitsOf("test").Should().Equal(
            TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10));
        RetrySchedule.AttemptLimit("test").Should().Be(5);
    }

    [Fact]
    public void Jitter_stays_within_a_fifth_and_grows_with_the_draw() =>
        Gen.Select(Environment, Gen.Int[1, 4], Draw, Draw).Sample((environment, attempts, one, other) =>
        {
            var middle = RetrySchedule.Next(environment, attempts, null, overloaded: false, 0.5)!.Value;
            var wait = RetrySchedule.Next(environment, attempts, null, overloaded: false, one)!.Value;
            var second = RetrySchedule.Next(environment, attempts, null, overloaded: false, other)!.Value;
            return wait >= middle * 0.799 && wait <= middle * 1.201 && (one > other || wait <= second);
        });

    [Fact]
    public void What_an_answer_asks_for_counts_between_the_scheduled_wait_and_twice_that() =>
        Gen.Select(Environment, Gen.Int[1, 4], Draw, Gen.Int[-10, 2_000_000]).Sample(
            (environment, attempts, draw, seconds) =>
        {
            var asked = TimeSpan.FromSeconds(seconds);
            var scheduled = RetrySchedule.Next(environment, attempts, null, overloaded: false, draw)!.Value;
            var wait = RetrySchedule.Next(environment, attempts, asked, overloaded: false, draw)!.Value;
            return wait == (asked < scheduled ? scheduled : asked > scheduled * 2 ? scheduled * 2 : asked);
        });

    [Fact]
    public void An_overloaded_endpoint_is_left_alone_for_a_minute_at_least() =>
        Gen.Select(Environment, Gen.Int[1, 4], Draw).Sample((environment, attempts, draw) =>
        {
            var scheduled = RetrySchedule.Next(environment, attempts, null, overloaded: false, draw)!.Value;
            var wait = RetrySchedule.Next(environment, attempts, null, overloaded: true, draw)!.Value;
            return wait == (scheduled < TimeSpan.FromMinutes(1) ? TimeSpan.FromMinutes(1) : scheduled);
        });

    [Fact]
    public void No_wait_is_longer_than_the_longest() =>
        Gen.Select(Environment, Gen.Int[1, 4], Draw, Gen.Bool).Sample((environment, attempts, draw, overloaded) =>
            RetrySchedule.Next(environment, attempts, TimeSpan.FromDays(9), overloaded, draw)
                <= RetrySchedule.Longest(environment)[attempts]);

    [Fact]
    public void After_the_last_attempt_there_is_none() =>
        Gen.Select(Environment, Gen.Int[0, 20], Draw).Sample((environment, more, draw) =>
            RetrySchedule.Next(environment, RetrySchedule.AttemptLimit(environment) + more, null, false, draw) is null);

    private static List<TimeSpan> WaitsOf(string environment)
    {
        var waits = new List<TimeSpan>();
        for (var made = 1; RetrySchedule.Next(environment, made, null, overloaded: false, 0.5) is { } wait; made++)
            waits.Add(wait);
        return waits;
    }
}
