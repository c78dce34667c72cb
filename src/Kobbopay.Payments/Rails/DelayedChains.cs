using System.Collections.Concurrent;
using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// Which chains are delayed, as far as this process has heard: a payment is born with its chain's delay. Creating one
/// must not ask first, so it is drafted with what is held here, and its statement inserts nothing when that is wrong.
/// </summary>
public sealed class DelayedChains(NpgsqlDataSource database)
{
    private readonly ConcurrentDictionary<string, bool> _delayed = new(StringComparer.Ordinal);

    public bool Contains(string chain) => _delayed.ContainsKey(chain);

    public async Task RefreshAsync(string chain, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select delayed from chains where chain = $1");
        command.Parameters.AddText(chain);
        if (await command.ExecuteScalarAsync(cancellation) is true)
            _delayed[chain] = true;
        else
            _delayed.TryRemove(chain, out _);
    }
}
