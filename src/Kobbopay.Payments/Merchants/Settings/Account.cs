using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Settings;

/// <summary>Which extended public key the payments of a network are paid to.</summary>
internal sealed record AccountXpubJson(string Network, string Fingerprint, DateTimeOffset ConfirmedAt);

/// <param name="Status"><c>passed</c>, <c>waived</c> or <c>missing</c>; live keys need one of the first two.</param>
internal sealed record CertificationStateJson(string Status, string? Id, DateTimeOffset? At);

/// <summary>A merchant in one environment, as its own keys see it.</summary>
/// <param name="Id">The merchant's.</param>
/// <param name="RequestsPerSecond">Its own limit; null for the environment's.</param>
internal sealed record AccountJsonBody(
    string Id,
    string Environment,
    string Status,
    DateTimeOffset CreatedAt,
    int? RequestsPerSecond,
    CertificationStateJson Certification,
    IReadOnlyList<AccountXpubJson> Xpubs,
    SettingsJson Settings);

/// <summary>
/// <c>GET /v1/account</c>, and <c>PATCH</c> to change the settings of the key's environment. No key changes an xpub, or
/// what an operator has granted.
/// </summary>
internal static class Account
{
    public static void MapAccount(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/account", ReadAsync).RequireMerchant(Scopes.PaymentsRead)
            .Describe("getAccount", "Read the account in the key's environment")
            .Answers<AccountJsonBody>();
        app.MapPatch("/v1/account", PatchAsync).RequireMerchant(Scopes.KeysWrite)
            .Describe("changeAccount", "Change the settings of the key's environment")
            .Takes<SettingsRequest>()
            .Answers<AccountJsonBody>();
    }

    /// <summary>The merchant in one environment, or null.</summary>
    internal static async Task<AccountJsonBody?> FindAsync(
        NpgsqlConnection connection, RailCatalog rails, Guid merchantId, string environment,
        CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        foreach (var sql in new[]
        {
            """
            select m.status, m.created_at, s.requests_per_second, m.certification_id, m.certified_at, m.waived_at
            from merchants m join merchant_settings s on s.merchant_id = m.id
            where m.id = $1 and s.environment = $2
            """,
            """
            select network, fingerprint, confirmed_at from merchant_xpubs
            where merchant_id = $1 and environment = $2 order by network
            """,
            $"{MerchantDirectory.Select} where m.id = $1 and s.environment = $2",
        })
        {
            var parameters = batch.Add(sql);
            parameters.AddId(merchantId);
            parameters.AddText(environment);
        }

        await using var row = await batch.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            return null;
        var (status, created) = (row.GetString(0), PaymentRows.Time(row, 1));
        var limit = row.IsDBNull(2) ? (int?)null : row.GetInt32(2);
        var certification = !row.IsDBNull(4)
            ? new CertificationStateJson(
                "passed", Id.Format(Id.Certification, row.GetGuid(3)), PaymentRows.Time(row, 4))
            : !row.IsDBNull(5)
                ? new CertificationStateJson("waived", Id: null, PaymentRows.Time(row, 5))
                : new CertificationStateJson("missing", Id: null, At: null);
        await row.NextResultAsync(cancellation);
        var xpubs = await row.ReadAllAsync(
            r => new AccountXpubJson(r.GetString(0), r.GetString(1), PaymentRows.Time(r, 2)), cancellation);
        await row.NextResultAsync(cancellation);
        await row.ReadAsync(cancellation);
        return new AccountJsonBody(
            Id.Format(Id.Merchant, merchantId), environment, status, created, limit, certification, xpubs,
            SettingsJson.Of(MerchantDirectory.Read(row), environment, rails));
    }

    private static async Task<IResult> ReadAsync(
        MerchantIdentity merchant, NpgsqlDataSource database, RailCatalog rails, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        return Results.Json(
            await FindAsync(connection, rails, merchant.MerchantId, merchant.Environment, cancellation),
            AccountJson.Default.AccountJsonBody);
    }

    private static async Task<IResult> PatchAsync(
        HttpContext http,
        MerchantIdentity merchant,
        ChangeSettings settings,
        NpgsqlDataSource database,
        RailCatalog rails,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync(http, AccountJson.Default.SettingsRequest, cancellation);
        await settings.ApplyAsync(http, merchant.MerchantId, merchant.Environment, body.Value, cancellation);
        return await ReadAsync(merchant, database, rails, cancellation);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    Converters = [typeof(MillisecondTime)])]
[JsonSerializable(typeof(AccountJsonBody))]
[JsonSerializable(typeof(SettingsRequest))]
internal sealed partial class AccountJson : JsonSerializerContext;
