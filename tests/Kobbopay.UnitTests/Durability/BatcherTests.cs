using System.Collections.Concurrent;
using System.Data.Common;
using Kobbopay.Durability;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kobbopay.UnitTests.Durability;

public sealed class BatcherTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_is_handled_once_by_so_many_lanes_in_batches_of_so_many()
    {
        var handled = new ConcurrentBag<int>();
        var (running, most, largest) = (0, 0, 0);
        var batcher = New(
            async items =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                largest = Math.Max(largest, items.Count);
                await Task.Yield();
                foreach (var item in items)
                    handled.Add(item);
                Interlocked.Decrement(ref running);
            },
            lanes: 2);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(async client =>
        {
            for (var i = 0; i < 500; i++)
                await batcher.AddAsync((client * 500) + i, Token);
        }));

        handled.Order().Should().Equal(Enumerable.Range(0, 8000));
        most.Should().BeInRange(1, 2);
        largest.Should().BeInRange(2, 8);
    }

    [Fact]
    public async Task One_item_that_fails_fails_alone()
    {
        var start = new TaskCompletionSource();
        var batcher = New(async items =>
        {
            await start.Task;
            if (items.Contains(3))
                throw new InvalidOperationException("poison");
        });

        var adding = Enumerable.Range(0, 6).Select(item => batcher.AddAsync(item, Token)).ToArray();
        start.SetResult();

        await adding[3].Invoking(one => one).Should().ThrowAsync<InvalidOperationException>();
        await Task.WhenAll(adding.Where((_, item) => item != 3));
    }

    [Fact]
    public async Task An_outage_is_everybodys_and_costs_one_attempt()
    {
        var start = new TaskCompletionSource();
        var sizes = new ConcurrentQueue<int>();
        var batcher = New(async items =>
        {
            sizes.Enqueue(items.Count);
            await start.Task;
            throw new AwayException();
        });

        var first = batcher.AddAsync(0, Token);
        while (sizes.IsEmpty)
            await Task.Yield();
        var adding = Enumerable.Range(1, 5).Select(item => batcher.AddAsync(item, Token)).Prepend(first).ToArray();
        start.SetResult();

        foreach (var one in adding)
            await one.Invoking(task => task).Should().ThrowAsync<AwayException>();
        sizes.Should().Equal(1, 5);
    }

    [Fact]
    public async Task What_is_posted_is_handled_with_the_rest_and_one_that_fails_is_told_of_alone()
    {
        var start = new TaskCompletionSource();
        var handled = new ConcurrentBag<int>();
        var failed = new ConcurrentBag<(int Item, string Why)>();
        var batcher = new Batcher<int>(
            async (items, _) =>
            {
                await start.Task;
                if (items.Contains(3))
                    throw new InvalidOperationException("poison");
                foreach (var item in items)
                    handled.Add(item);
            },
            limit: 8, TimeProvider.System, NullLogger<Batcher<int>>.Instance, waitsOutOutages: false,
            failed: (item, why) => failed.Add((item, why.Message)));

        for (var item = 0; item < 6; item++)
            batcher.Post(item);
        var last = batcher.AddAsync(6, Token);
        start.SetResult();
        await last;

        handled.Order().Should().Equal(0, 1, 2, 4, 5, 6);
        failed.Should().Equal((3, "poison"));
    }

    private static Batcher<int> New(Func<IReadOnlyList<int>, Task> handle, int lanes = 1) => new(
        (items, _) => handle(items), limit: 8, TimeProvider.System, NullLogger<Batcher<int>>.Instance, lanes,
        waitsOutOutages: false);

    private sealed class AwayException : DbException
    {
        public override bool IsTransient => true;
    }
}
