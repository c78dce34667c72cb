using Npgsql;

namespace Kobbopay.Payments.Rails.Evm;

/// <summary>
/// Which addresses of the merchants' xpubs money may arrive at. An xpub's addresses are the same on every network of
/// its kind, so every network looks for all of them: money that took the wrong network is found, too.
/// </summary>
internal sealed class WatchedAddresses(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>Of the recent and the open, at most $3: newer than the id $1, or pending on the chain $2.</summary>
    internal const string List = """
        select deposit_address from (
          (select deposit_address from payments where xpub_fingerprint is not null and id >= $1
           order by id desc limit $3)
          union
          (select deposit_address from payments where chain = $2 and status = 'Pending' and id < $1 limit $3)) a
        """;

    /// <summary>
    /// A scalar subquery is a look-up for each address, however few or many they are and whatever is estimated.
    /// </summary>
    internal const string Among = """
        select a from unnest($1) a
        where (select true from payments p where p.deposit_address = a and p.xpub_fingerprint is not null limit 1)
        """;

    /// <summary>
    /// Longer than a payment can be open and watched after its end. Money that comes later still is only met where all
    /// transfers are read.
    /// </summary>
    private static readonly TimeSpan Recent = TimeSpan.FromDays(45);

    /// <summary>The addresses of all recent and all open payments; null when there are more than the limit.</summary>
    /// <param name="chain">Whose open payments are looked for, however old they are.</param>
    public async Task<List<string>?> ListAsync(string chain, int limit, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(List);
        command.Parameters.AddId(PaymentFilter.FirstIdOf(clock.Now() - Recent));
        command.Parameters.AddText(chain);
        command.Parameters.AddInteger(limit + 1);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var addresses = await row.ReadAllAsync(address => address.GetString(0), cancellation);
        return addresses.Count <= limit ? addresses : null;
    }

    /// <summary>Those of some addresses that are ours, whenever they were given out.</summary>
    public async Task<HashSet<string>> AmongAsync(string[] addresses, CancellationToken cancellation)
    {
        if (addresses.Length == 0)
            return [];
        await using var command = database.CreateCommand(Among);
        command.Parameters.AddTexts(addresses);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var ours = new HashSet<string>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellation))
            ours.Add(row.GetString(0));
        return ours;
    }
}
