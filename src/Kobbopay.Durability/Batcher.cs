using System.Data.Common;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Kobbopay.Durability;

/// <summary>
/// Turns single items that arrive at once into one transaction: whatever waits when the handler is free goes in
/// together, so a batch costs no waiting time. Each caller learns the fate of its own item.
/// </summary>
/// <param name="lanes">Batches at a time.</param>
/// <param name="waitsOutOutages">
/// A database that is away is waited for, since no message is at fault and the broker keeps the rest; otherwise each
/// caller gets the failure at once.
/// </param>
/// <param name="gathering">
/// From one batch's start to the next one's at least, while there is less than a whole batch: under load a statement is
/// dearer than a row, and nobody may be waiting for it.
/// </param>
/// <param name="failed">Learns the fate of a posted item that could not be handled.</param>
public sealed partial class Batcher<T>(
    Func<IReadOnlyList<T>, CancellationToken, Task> handle,
    int limit,
    TimeProvider clock,
    ILogger<Batcher<T>> logger,
    int lanes = 1,
    bool waitsOutOutages = true,
    TimeSpan gathering = default,
    Action<T, Exception>? failed = null)
{
    private static readonly TimeSpan OutagePause = TimeSpan.FromSeconds(1);

    // Bounded by the callers: each waits for its item, and there are so many requests, or messages unacknowledged.
    private readonly Channel<Entry> _waiting = Channel.CreateUnbounded<Entry>();
    private int _running;

    /// <summary>Returns when the item's batch is committed; throws what the handler threw for it.</summary>
    public async Task AddAsync(T item, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _waiting.Writer.WriteAsync(new Entry(item, done), cancellation);
        Run();
        await done.Task.WaitAsync(cancellation);
    }

    /// <summary>For an item that nobody waits for: its handler is all that learns of its batch.</summary>
    public void Post(T item)
    {
        _waiting.Writer.TryWrite(new Entry(item, Done: null));
        Run();
    }

    /// <summary>Starts one more lane unless all are at work; those look again before they end.</summary>
    private void Run()
    {
        for (var running = Volatile.Read(ref _running); running < lanes;)
        {
            var found = Interlocked.CompareExchange(ref _running, running + 1, running);
            if (found == running)
            {
                // A lane serves whoever comes, so it has none of its first caller's context.
                using (ExecutionContext.SuppressFlow())
                    _ = Task.Run(DrainAsync);
                return;
            }

            running = found;
        }
    }

    private async Task DrainAsync()
    {
        var batch = new List<Entry>(limit);
        while (_waiting.Reader.TryRead(out var first))
        {
            batch.Add(first);
            while (batch.Count < limit && _waiting.Reader.TryRead(out var next))
                batch.Add(next);
            var started = clock.GetTimestamp();
            await HandleAsync(batch);
            batch.Clear();
            if (gathering - clock.GetElapsedTime(started) is { Ticks: > 0 } rest && _waiting.Reader.Count < limit)
                await Task.Delay(rest, clock);
        }

        Interlocked.Decrement(ref _running);
        // An item may have come between the last read and the flag.
        if (_waiting.Reader.TryPeek(out _))
            Run();
    }

    private async Task HandleAsync(List<Entry> batch)
    {
        try
        {
            Activity.Current = batch[0].Activity;
            await HandleThroughOutageAsync(batch.ConvertAll(entry => entry.Item));
            batch.ForEach(entry => entry.Done?.SetResult());
        }
        catch (DbException outage) when (outage.IsTransient)
        {
            batch.ForEach(entry => Fail(entry, outage));
        }
        catch (Exception) when (batch.Count > 1)
        {
            // One item is poison: only it may fail.
            foreach (var entry in batch)
                await HandleAsync([entry]);
        }
        catch (Exception failure)
        {
            Fail(batch[0], failure);
        }
    }

    private void Fail(Entry entry, Exception failure)
    {
        if (entry.Done is { } done)
            done.SetException(failure);
        else
            failed?.Invoke(entry.Item, failure);
    }

    private async Task HandleThroughOutageAsync(List<T> items)
    {
        while (true)
        {
            try
            {
                await handle(items, CancellationToken.None);
                return;
            }
            catch (DbException outage) when (waitsOutOutages && outage.IsTransient)
            {
                LogOutage(outage, items.Count);
                await Task.Delay(OutagePause, clock, CancellationToken.None);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The database is not available; {Count} messages wait for it")]
    private partial void LogOutage(Exception outage, int count);

    private sealed record Entry(T Item, TaskCompletionSource? Done)
    {
        /// <summary>The trace that the first item of a batch belongs to has the batch's statement.</summary>
        public Activity? Activity { get; } = Activity.Current;
    }
}
