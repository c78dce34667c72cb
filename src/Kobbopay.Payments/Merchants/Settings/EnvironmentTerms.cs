using Kobbopay.Contracts;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Payments.Merchants.Settings;

/// <param name="Confirmations">In place of the rail's own number.</param>
internal sealed record ApprovedRail(string? Network, string? Currency, int? Confirmations);

/// <summary>What an operator grants a merchant in one environment.</summary>
/// <param name="RequestsPerSecond">In place of the environment's limit.</param>
internal sealed record EnvironmentTerms(
    string? Environment, IReadOnlyList<ApprovedRail?>? Rails, int? RequestsPerSecond)
{
    private const int HighestRate = 10_000;

    /// <param name="pointer">Where it stands in the body; empty for the body itself.</param>
    public IEnumerable<InvalidField> Check(string pointer, RailCatalog catalog)
    {
        if (Environment is not (MerchantEnvironments.Test or MerchantEnvironments.Live))
        {
            yield return new InvalidField($"{pointer}/environment", "unknown_value", "One of test, live.");
            yield break;
        }

        if (RequestsPerSecond is < 1 or > HighestRate)
            yield return new InvalidField($"{pointer}/requestsPerSecond", "out_of_range", $"1 to {HighestRate}.");
        // None may be granted yet: a merchant can get its materials before the installation has a network for it.
        if (Rails is null)
        {
            yield return new InvalidField($"{pointer}/rails", "required", "Name the rails; an empty list grants none.");
            yield break;
        }

        var known = catalog.Enabled(Environment).Select(one => (one.Rail.Network, one.Asset.Currency)).ToHashSet();
        var seen = new HashSet<(string?, string?)>();
        foreach (var (index, rail) in Rails.Index())
        {
            var place = $"{pointer}/rails/{index}";
            if (rail is null || !known.Contains((rail.Network!, rail.Currency!)))
            {
                yield return new InvalidField(
                    place, "not_found",
                    $"Known here are {string.Join(", ", known.Select(one => $"{one.Currency} on {one.Network}"))}.");
            }
            else if (!seen.Add((rail.Network, rail.Currency)))
            {
                yield return new InvalidField(place, "conflict", "This rail stands twice.");
            }
            else if (rail.Confirmations is < 1 or > MerchantRail.MostConfirmations)
            {
                yield return new InvalidField(
                    $"{place}/confirmations", "out_of_range", $"1 to {MerchantRail.MostConfirmations}.");
            }
        }
    }

    /// <summary>Grants it: what the merchant has chosen for itself stays.</summary>
    public async Task StoreAsync(NpgsqlConnection connection, Guid merchantId, CancellationToken cancellation)
    {
        var before = await SettingsRows.LockAsync(connection, merchantId, Environment!, cancellation);
        MerchantRail[] rails =
        [
            .. Rails!.Select(rail => Of(rail!, before?.Rails?.FirstOrDefault(
                one => one.Network == rail!.Network && one.Currency == rail.Currency))),
        ];
        await using var batch = new NpgsqlBatch(connection);
        var parameters = batch.Add("""
            insert into merchant_settings as s (merchant_id, environment, rails, requests_per_second)
            values ($1, $2, $3, $4)
            on conflict (merchant_id, environment) do update
            set rails = excluded.rails, requests_per_second = excluded.requests_per_second, version = s.version + 1
            """);
        parameters.AddId(merchantId);
        parameters.AddText(Environment);
        parameters.AddJson(MerchantRail.Write(rails));
        parameters.AddNullable(RequestsPerSecond, NpgsqlDbType.Integer);
        SettingsRows.AddMostConfirmations(batch, rails);
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    private static MerchantRail Of(ApprovedRail rail, MerchantRail? before) => new(
        rail.Network!, rail.Currency!, before?.Enabled ?? true, rail.Confirmations, before?.OwnConfirmations);
}
