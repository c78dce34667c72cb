using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Npgsql;

namespace Kobbopay.Payments.Merchants;

/// <summary>
/// Tells the gateway whose key a hash is. An unknown or revoked key is 404; expiry is the gateway's to watch.
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
            select id, merchant_id, environment, scopes, expires_at, version from api_keys
            where hash = $1 and revoked_at is null
            """);
        command.Parameters.AddText(hash);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            return Results.NotFound();

        var key = new ApiKeyDescription(
            row.GetGuid(0),
            row.GetGuid(1),
            row.GetString(2),
            row.GetFieldValue<string[]>(3),
            row.IsDBNull(4) ? null : PaymentRows.Time(row, 4),
            row.GetInt32(5));
        return Results.Json(key, ContractsJson.Default.ApiKeyDescription);
    }
}
