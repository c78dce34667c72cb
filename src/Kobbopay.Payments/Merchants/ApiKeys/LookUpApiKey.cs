using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Npgsql;

namespace Kobbopay.Payments.Merchants.ApiKeys;

/// <summary>
/// Tells the gateway whose key a hash is, and what it may do. An unknown or revoked key, and one of a closed merchant,
/// is 404; expiry is the gateway's to watch.
/// </summary>
public static class LookUpApiKey
{
    public static void MapLookUpApiKey(this IEndpointRouteBuilder app) =>
        app.MapGet($"{InternalApi.ApiKeys}/{{hash:length(64)}}", HandleAsync).RequireService(ResourceNames.Gateway);

    private static async Task<IResult> HandleAsync(
        string hash, NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select k.id, k.merchant_id, k.environment, k.scopes, k.expires_at, k.version, k.allowed_ips,
              s.requests_per_second, m.status
            from api_keys k
            join merchants m on m.id = k.merchant_id and m.status <> 'closed'
            left join merchant_settings s on s.merchant_id = k.merchant_id and s.environment = k.environment
            where k.hash = $1 and k.revoked_at is null
            """);
        command.Parameters.AddText(hash);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            return Results.NotFound();

        var scopes = row.GetFieldValue<string[]>(3);
        var key = new ApiKeyDescription(
            row.GetGuid(0),
            row.GetGuid(1),
            row.GetString(2),
            row.GetString(8) == MerchantStatus.Suspended ? OfSuspended(scopes) : scopes,
            row.IsDBNull(4) ? null : PaymentRows.Time(row, 4),
            row.GetInt32(5),
            row.IsDBNull(6) ? null : row.GetFieldValue<string[]>(6),
            row.IsDBNull(7) ? null : row.GetInt32(7));
        return Results.Json(key, ContractsJson.Default.ApiKeyDescription);
    }

    /// <summary>A suspended merchant still sees what becomes of its money.</summary>
    private static string[] OfSuspended(string[] scopes) =>
        [.. scopes.Where(scope => scope.EndsWith(":read", StringComparison.Ordinal)), Scopes.Suspended];
}
