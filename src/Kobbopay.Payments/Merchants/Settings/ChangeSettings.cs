using Kobbopay.Contracts;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Data;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Payments.Merchants.Settings;

/// <summary>Stores a change of settings with its audit entry. What changes nothing leaves no trace.</summary>
internal sealed class ChangeSettings(
    NpgsqlDataSource database, MerchantDirectory merchants, RailCatalog rails, AuditTrail audit)
{
    /// <returns>The settings as they are now; null when the merchant has none in this environment.</returns>
    public async Task<SettingsJson?> ApplyAsync(
        HttpContext http, Guid merchantId, string environment, SettingsRequest request, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await SettingsRows.LockAsync(connection, merchantId, environment, cancellation) is not { } before)
            return null;
        var after = request.ApplyTo(before, environment, rails);
        var (was, now) = (SettingsJson.Of(before, environment, rails), SettingsJson.Of(after, environment, rails));
        var difference = SettingsJson.DifferenceOf(was, now);
        if (difference.Count == 0)
            return now;

        await using var batch = new NpgsqlBatch(connection, transaction);
        AddUpdate(batch, merchantId, environment, after);
        SettingsRows.AddMostConfirmations(batch, after.Rails ?? []);
        audit.Add(
            batch, http, "settings.changed", Id.Format(Id.Merchant, merchantId), merchantId, environment, difference);
        await batch.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        merchants.Forget(merchantId, environment);
        return now;
    }

    private static void AddUpdate(NpgsqlBatch batch, Guid merchantId, string environment, MerchantSettings settings)
    {
        var update = batch.Add("""
            update merchant_settings
            set version = version + 1, display_name = $3, order_id_policy = $4, late_window = $5,
              tolerance_basis_points = $6, tolerance_cap = $7, review = $8, return_url_hosts = $9,
              default_expiry = $10, rails = $11
            where merchant_id = $1 and environment = $2
            """);
        update.AddId(merchantId);
        update.AddText(environment);
        update.AddText(settings.DisplayName);
        update.AddText(settings.OneOpenPaymentPerOrder ? SettingsJson.UniqueOpen : SettingsJson.AllowMany);
        update.AddInterval(settings.LateWindow);
        update.AddInteger(settings.ToleranceBasisPoints);
        update.AddNullable(settings.ToleranceCap, NpgsqlDbType.Numeric);
        update.AddTexts(PaymentRows.NamesOf(settings.Review));
        update.AddTexts([.. settings.ReturnUrlHosts]);
        update.AddInterval(settings.DefaultExpiry);
        update.AddNullable(settings.Rails is { } approved ? MerchantRail.Write(approved) : null, NpgsqlDbType.Jsonb);
    }
}
