using System.Collections.Concurrent;
using Npgsql;

namespace Kobbopay.Payments.Merchants;

/// <summary>A merchant's policies in one environment; they are copied onto each payment at its creation.</summary>
public sealed record MerchantSettings(
    string DisplayName,
    bool OneOpenPaymentPerOrder,
    TimeSpan LateWindow,
    int ToleranceBasisPoints,
    IReadOnlyList<string> ReturnUrlHosts);

/// <summary>
/// Settings by (merchant, environment), held for a few seconds, so that creating a payment is one round trip.
/// </summary>
public sealed class MerchantDirectory(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>A changed setting is in force after this time at the latest.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<(Guid, string), Entry> _entries = new();

    public async ValueTask<MerchantSettings> GetAsync(
        Guid merchantId, string environment, CancellationToken cancellation)
    {
        if (_entries.TryGetValue((merchantId, environment), out var entry)
            && clock.GetElapsedTime(entry.ReadAt) < Freshness)
            return entry.Settings;

        var settings = await ReadAsync(merchantId, environment, cancellation);
        _entries[(merchantId, environment)] = new Entry(settings, clock.GetTimestamp());
        return settings;
    }

    private async Task<MerchantSettings> ReadAsync(Guid merchantId, string environment, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select m.display_name, s.order_id_policy = 'unique_open', s.late_window,
              s.tolerance_basis_points, s.return_url_hosts
            from merchants m join merchant_settings s on s.merchant_id = m.id and s.environment = $2
            where m.id = $1
            """);
        command.Parameters.AddId(merchantId);
        command.Parameters.AddText(environment);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? new MerchantSettings(
                row.GetString(0), row.GetBoolean(1), row.GetTimeSpan(2), row.GetInt32(3), row.GetFieldValue<string[]>(
                    4))
            : throw new InvalidOperationException($"Merchant {merchantId} has no settings for {environment}");
    }

    private sealed record Entry(MerchantSettings Settings, long ReadAt);
}
