using Npgsql;

namespace Kobbopay.Payments.Merchants.Settings;

/// <summary>Rows of <c>merchant_settings</c>, to change them.</summary>
internal static class SettingsRows
{
    /// <summary>The settings as they stand, locked until the transaction ends; null where there are none.</summary>
    public static async Task<MerchantSettings?> LockAsync(
        NpgsqlConnection connection, Guid merchantId, string environment, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"{MerchantDirectory.Select} where m.id = $1 and s.environment = $2 for update of s", connection);
        command.Parameters.AddId(merchantId);
        command.Parameters.AddText(environment);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? MerchantDirectory.Read(row) : null;
    }

    /// <summary>The scanner looks so far back on each network; never less far again.</summary>
    public static void AddMostConfirmations(NpgsqlBatch batch, IEnumerable<MerchantRail> rails)
    {
        foreach (var network in rails.GroupBy(rail => rail.Network).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var most = network.Max(rail => Math.Max(rail.Confirmations ?? 0, rail.OwnConfirmations ?? 0));
            if (most == 0)
                continue;
            var parameters = batch.Add("""
                insert into network_confirmations as n (network, most) values ($1, $2)
                on conflict (network) do update set most = excluded.most where n.most < excluded.most
                """);
            parameters.AddText(network.Key);
            parameters.AddInteger(most);
        }
    }
}
