using System.Collections.Concurrent;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails.Evm;
using Npgsql;

namespace Kobbopay.Payments.Merchants;

/// <summary>A merchant's policies in one environment; they are copied onto each payment at its creation.</summary>
/// <param name="Version">Grows with every change; a creation holds only while it is the current one.</param>
/// <param name="Rails">What an operator has approved; null for all rails of the installation.</param>
/// <param name="ToleranceCap">In the currency's unit; null when the share alone decides.</param>
/// <param name="Xpubs">Whose children its payments are paid to, by network.</param>
/// <param name="ClockOffset">How far the sandbox's clock is ahead; zero in live.</param>
public sealed record MerchantSettings(
    int Version,
    string DisplayName,
    bool OneOpenPaymentPerOrder,
    TimeSpan LateWindow,
    int ToleranceBasisPoints,
    decimal? ToleranceCap,
    ReviewRules Review,
    IReadOnlyList<string> ReturnUrlHosts,
    TimeSpan ClockOffset,
    TimeSpan DefaultExpiry,
    IReadOnlyList<MerchantRail>? Rails,
    IReadOnlyDictionary<string, ExtendedPublicKey> Xpubs);

/// <summary>
/// Settings by (merchant, environment), held for a while, so that creating a payment is one round trip. Its statement
/// checks their version, so what is held may be old and a payment's policies never are.
/// </summary>
public sealed class MerchantDirectory(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>What no version guards (the display name in a view) is this old at most.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    /// <summary>What <see cref="Read"/> reads; aliases <c>m</c> and <c>s</c>.</summary>
    internal const string Select = """
        select s.version, coalesce(s.display_name, m.display_name), s.order_id_policy = 'unique_open', s.late_window,
          s.tolerance_basis_points, s.tolerance_cap, s.review, s.return_url_hosts, s.clock_offset, s.default_expiry,
          s.rails,
          (select jsonb_object_agg(u.network, x.xpub)
           from merchant_xpubs u join xpubs x on x.fingerprint = u.fingerprint
           where u.merchant_id = m.id and u.environment = s.environment)
        from merchants m join merchant_settings s on s.merchant_id = m.id
        """;

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

    /// <summary>What is held turned out to be old.</summary>
    public void Forget(Guid merchantId, string environment) => _entries.TryRemove((merchantId, environment), out _);

    private async Task<MerchantSettings> ReadAsync(Guid merchantId, string environment, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"{Select} where m.id = $1 and s.environment = $2");
        command.Parameters.AddId(merchantId);
        command.Parameters.AddText(environment);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? Read(row)
            : throw new InvalidOperationException($"Merchant {merchantId} has no settings for {environment}");
    }

    internal static MerchantSettings Read(NpgsqlDataReader row) => new(
        row.GetInt32(0),
        row.GetString(1),
        row.GetBoolean(2),
        row.GetTimeSpan(3),
        row.GetInt32(4),
        row.IsDBNull(5) ? null : row.GetDecimal(5),
        PaymentRows.ReviewOf(row.GetFieldValue<string[]>(6)),
        row.GetFieldValue<string[]>(7),
        row.GetTimeSpan(8),
        row.GetTimeSpan(9),
        MerchantRail.Read(PaymentRows.TextOrNull(row, 10)),
        MerchantXpubs.Read(PaymentRows.TextOrNull(row, 11)));

    private sealed record Entry(MerchantSettings Settings, long ReadAt);
}
