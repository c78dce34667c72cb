using System.Collections.Concurrent;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// Hands out the next address index of a series, each once, ever. Indexes are reserved in small blocks, so that
/// creating a payment neither waits for a shared counter row nor needs a second round trip; a process that ends leaves
/// the rest of its block unused. Wallets look only so far past the last address that was paid, so an index that no
/// payment got is given out again.
/// </summary>
public sealed class AddressIndexes(NpgsqlDataSource database)
{
    /// <summary>Indexes reserved at a time.</summary>
    private const int BlockSize = 50;

    private readonly ConcurrentDictionary<string, Series> _series = new(StringComparer.Ordinal);

    public async ValueTask<AddressIndex> TakeAsync(string series, CancellationToken cancellation)
    {
        var own = _series.GetOrAdd(series, _ => new Series());
        if (own.Returned.TryTake(out var returned))
            return new AddressIndex(series, returned);

        await own.Lock.WaitAsync(cancellation);
        try
        {
            if (own.Next == own.End)
            {
                own.Next = await ReserveAsync(series, cancellation);
                own.End = own.Next + BlockSize;
            }

            return new AddressIndex(series, own.Next++);
        }
        finally
        {
            own.Lock.Release();
        }
    }

    /// <summary>
    /// Gives back an index whose payment certainly does not exist: the statement that would have stored it answered
    /// that it did not. After a failure nobody knows, and the index stays unused.
    /// </summary>
    public void Return(AddressIndex index) => _series[index.Series].Returned.Add(index.Index);

    private async Task<long> ReserveAsync(string series, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            insert into address_series as a (series, next_index) values ($1, $2)
            on conflict (series) do update set next_index = a.next_index + excluded.next_index
            returning next_index
            """);
        command.Parameters.AddText(series);
        command.Parameters.AddLong(BlockSize);
        return (long)(await command.ExecuteScalarAsync(cancellation))! - BlockSize;
    }

    private sealed class Series
    {
        public SemaphoreSlim Lock { get; } = new(1);

        /// <summary>No more than were once taken; a creation takes these first.</summary>
        public ConcurrentBag<long> Returned { get; } = [];

        public long Next { get; set; }

        public long End { get; set; }
    }
}

/// <summary>One index of a series, taken for one payment.</summary>
public readonly record struct AddressIndex(string Series, long Index);
