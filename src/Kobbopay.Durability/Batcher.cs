using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Kobbopay.Durability;

/// <summary>
/// Turns single items that arrive at once into one transaction: whatever waits when the handler is free goes in
/// together, so a batch costs no waiting time. Each caller learns the fate of its own item.
/// </summary>
public sealed partial class Batcher<T>(
    Func<IReadOnlyList<T>, CancellationToken, Task> handle, int limit, TimeProvider clock, ILogger<Batcher<T>> logger)
{
    private static readonly TimeSpan OutagePause = TimeSpan.FromSeconds(1);

    // Bounded by the callers: each waits for its item, and the bus hands out no more than its prefetch.
    private readonly Channel<Entry> _waiting = Channel.CreateUnbounded<Entry>();
    private int _running;

    /// <summary>Returns when the item's batch is committed; throws what the handler threw for it.</summary>
    public async Task AddAsync(T item, CancellationToken cancellation)
    {
        var entry = new Entry(item);
        await _waiting.Writer.WriteAsync(entry, cancellation);
        Run();
        await entry.Done.Task.WaitAsync(cancellation);
    }

    private void Run()
    {
        if (Interlocked.Exchange(ref _running, 1) == 0)
            _ = Task.Run(DrainAsync);
    }

    private async Task DrainAsync()
    {
        var batch = new List<Entry>(limit);
        while (_waiting.Reader.TryRead(out var first))
        {
            batch.Add(first);
            while (batch.Count < limit && _waiting.Reader.TryRead(out var next))
                batch.Add(next);
            await HandleAsync(batch);
            batch.Clear();
        }

        Volatile.Write(ref _running, 0);
        // An item may have come between the last read and the flag.
        if (_waiting.Reader.TryPeek(out _))
            Run();
    }

    private async Task HandleAsync(List<Entry> batch)
    {
        try
        {
            await HandleThroughOutageAsync(batch.ConvertAll(entry => entry.Item));
            batch.ForEach(entry => entry.Done.SetResult());
        }
        catch (Exception) when (batch.Count > 1)
        {
            // One item is poison: only it may fail.
            foreach (var entry in batch)
                await HandleAsync([entry]);
        }
        catch (Exception failure)
        {
            batch[0].Done.SetException(failure);
        }
    }

    /// <summary>
    /// A database that is away is no item's fault: it is waited for, and meanwhile the broker keeps the rest.
    /// </summary>
    private async Task HandleThroughOutageAsync(List<T> items)
    {
        while (true)
        {
            try
            {
                await handle(items, CancellationToken.None);
                return;
            }
            catch (DbException outage) when (outage.IsTransient)
            {
                LogOutage(outage, items.Count);
                await Task.Delay(OutagePause, clock, CancellationToken.None);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The database is not available; {Count} messages wait for it")]
    private partial void LogOutage(Exception outage, int count);

    private sealed record Entry(T Item)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
