using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Merchants.ApiKeys;

/// <summary>
/// <c>DELETE /v1/api-keys/{id}</c>: the key is refused from now on, everywhere within a second. Revoking what is
/// revoked is no error: that is what was wanted.
/// </summary>
internal static class RevokeApiKey
{
    public static void MapRevokeApiKey(this IEndpointRouteBuilder app) =>
        app.MapDelete("/v1/api-keys/{keyId}", HandleAsync).RequireMerchant(Scopes.KeysWrite)
            .Describe("revokeApiKey", "Revoke an API key")
            .Answers(StatusCodes.Status204NoContent);

    private static async Task<IResult> HandleAsync(
        HttpContext http,
        string keyId,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        AuditTrail audit,
        Signal<OutboxRelay> relay,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var id = ApiKeyRows.ParseId(keyId);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var (known, changed) = await RevokeAsync(connection, merchant, id, clock.Now(), cancellation);
        if (!known)
            throw ApiKeyRows.NotFound();
        if (changed is null)
            return Results.NoContent();

        await using var batch = new NpgsqlBatch(connection, transaction);
        ApiKeyRows.Announce(batch, clock, [changed]);
        audit.Add(batch, http, merchant, "api_key.revoked", keyId);
        await batch.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        relay.Set();
        return Results.NoContent();
    }

    private static async Task<(bool Known, ApiKeyChanged? Changed)> RevokeAsync(
        NpgsqlConnection connection, MerchantIdentity merchant, Guid id, DateTimeOffset now,
        CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            with revoked as (
              update api_keys set revoked_at = $4, version = version + 1
              where id = $3 and merchant_id = $1 and environment = $2 and revoked_at is null
              returning id, hash, version)
            select r.hash, r.version from api_keys k left join revoked r on r.id = k.id
            where k.id = $3 and k.merchant_id = $1 and k.environment = $2
            """,
            connection);
        command.Parameters.AddOwner(merchant);
        command.Parameters.AddId(id);
        command.Parameters.AddTime(now);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            return (false, null);
        return (true, row.IsDBNull(0) ? null : new ApiKeyChanged(row.GetString(0), row.GetInt32(1)));
    }
}
