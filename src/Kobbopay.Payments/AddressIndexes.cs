using System.Collections.Concurrent;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// Hands out the next address index of a series, each once, ever. Indexes are reserved in small blocks, so that creating a
/// payment neither waits for a shared counter row nor needs a second round trip; a process that ends leaves the rest of its
/// block unused.
/// </summary>
public sealed class AddressIndexes(NpgsqlDataSource database)
{
    /// <summary>Indexes reserved at a time.</summary>
    private const int BlockSize = 50;

    private readonly ConcurrentDictionary<string, Series> _series = new(StringComparer.Ordinal);

    public async ValueTask<long> TakeAsync(string series, CancellationToken cancellation)
    {
        var own = _series.GetOrAdd(series, _ => new Series());
        await own.Lock.WaitAsync(cancellation);
        try
        {
            if (own.Next == own.End)
            {
                own.Next = await ReserveAsync(series, cancellation);
                own.End = own.Next + BlockSize;
            }

            return own.Next++;
        }
        finally
        {
            own.Lock.Release();
        }
    }

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

        public long Next { get; set; }

        public long End { get; set; }
    }
}
