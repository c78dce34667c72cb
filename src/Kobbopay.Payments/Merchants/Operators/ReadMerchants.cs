using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Payments.Merchants.Claims;
using Kobbopay.Payments.Merchants.Settings;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Operators;

/// <summary>A merchant in a list.</summary>
internal sealed record MerchantRowJson(
    string Id, string DisplayName, string Status, string? StatusReason, DateTimeOffset CreatedAt);

/// <summary>A link that was issued; what it opened is not shown again.</summary>
/// <param name="Status"><c>open</c>, <c>claimed</c>, <c>expired</c> or <c>revoked</c>.</param>
internal sealed record ClaimJson(
    string Id, string Environment, string Kind, string Status, string IssuedBy, DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt, int WrongCodes);

/// <summary>A merchant with both of its environments, as operators see it.</summary>
/// <param name="Claims">The newest 20.</param>
internal sealed record MerchantJson(
    string Id,
    string DisplayName,
    string Status,
    string? StatusReason,
    DateTimeOffset CreatedAt,
    string? WaiverReason,
    string? WaivedBy,
    IReadOnlyList<AccountJsonBody> Environments,
    IReadOnlyList<ClaimJson> Claims);

/// <summary><c>GET /v1/operator/merchants</c> and <c>.../{id}</c>.</summary>
internal static class ReadMerchants
{
    private const string List = "merchants";
    private const int ClaimsShown = 20;

    public static void MapReadMerchants(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/operator/merchants", ListAsync).RequireOperator()
            .Describe("listMerchants", "List merchants, newest first")
            .TakesQuery(RequestQuery.PageNames)
            .WithParameter("status", "Only those of this status.", MerchantStatus.All)
            .Answers<Page<MerchantRowJson>>();
        app.MapGet("/v1/operator/merchants/{merchantId}", ReadAsync).RequireOperator()
            .Describe("getMerchant", "Read a merchant with its environments and links")
            .Answers<MerchantJson>();
    }

    public static ProblemException NotFound() => new(ProblemCodes.NotFound, "There is no such merchant.");

    /// <exception cref="ProblemException"><c>not_found</c>.</exception>
    public static Guid ParseId(string text) => Id.TryParse(Id.Merchant, text, out var id) ? id : throw NotFound();

    /// <exception cref="ProblemException"><c>not_found</c>.</exception>
    public static async Task<MerchantJson> FindAsync(
        NpgsqlConnection connection, RailCatalog rails, DateTimeOffset now, Guid id, CancellationToken cancellation)
    {
        var merchant = await FindAsync(connection, now, id, cancellation);
        var environments = new List<AccountJsonBody>();
        foreach (var environment in new[] { MerchantEnvironments.Test, MerchantEnvironments.Live })
        {
            if (await Account.FindAsync(connection, rails, id, environment, cancellation) is { } account)
                environments.Add(account);
        }

        return merchant with { Environments = environments };
    }

    private static async Task<MerchantJson> FindAsync(
        NpgsqlConnection connection, DateTimeOffset now, Guid id, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        batch.Add(
            "select id, display_name, status, status_reason, created_at, waiver_reason, waived_by from merchants "
            + "where id = $1").AddId(id);
        var claims = batch.Add("""
            select id, environment, kind, issued_by, created_at, expires_at, claimed_at, revoked_at, wrong_codes
            from claims where merchant_id = $1 order by id desc limit $2
            """);
        claims.AddId(id);
        claims.AddInteger(ClaimsShown);
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            throw NotFound();
        var merchant = new MerchantJson(
            Id.Format(Id.Merchant, id), row.GetString(1), row.GetString(2), PaymentRows.TextOrNull(row, 3),
            PaymentRows.Time(row, 4), PaymentRows.TextOrNull(row, 5), PaymentRows.TextOrNull(row, 6), [], []);
        await row.NextResultAsync(cancellation);
        return merchant with { Claims = await row.ReadAllAsync(r => ReadClaim(r, now), cancellation) };
    }

    private static ClaimJson ReadClaim(NpgsqlDataReader row, DateTimeOffset now) => new(
        Id.Format(Id.Claim, row.GetGuid(0)),
        row.GetString(1),
        row.GetString(2),
        !row.IsDBNull(6) ? "claimed"
            : !row.IsDBNull(7) ? "revoked"
            : PaymentRows.Time(row, 5) <= now ? "expired" : "open",
        row.GetString(3),
        PaymentRows.Time(row, 4),
        PaymentRows.Time(row, 5),
        row.GetInt32(8));

    private static async Task<IResult> ListAsync(
        HttpContext http, NpgsqlDataSource database, CancellationToken cancellation)
    {
        var query = RequestQuery.Of(http.Request.QueryString, [.. RequestQuery.PageNames, "status"]);
        var page = query.OperatorPage(List);
        await using var command = database.CreateCommand(
            $"""
            select id, display_name, status, status_reason, created_at from merchants m
            where {page.Where("m.id")} and ($3::text is null or m.status = $3) {page.OrderAndLimit("m.id")}
            """);
        command.Parameters.AddPage(page);
        command.Parameters.AddText(query.OneOf("status", MerchantStatus.All));
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var merchants = await row.ReadAllAsync(
            r => new MerchantRowJson(
                Id.Format(Id.Merchant, r.GetGuid(0)), r.GetString(1), r.GetString(2), PaymentRows.TextOrNull(r, 3),
                PaymentRows.Time(r, 4)),
            cancellation);
        return Results.Json(page.Of(merchants, merchant => ParseId(merchant.Id)), OperatorsJson.Default.MerchantPage);
    }

    private static async Task<IResult> ReadAsync(
        string merchantId, NpgsqlDataSource database, RailCatalog rails, TimeProvider clock,
        CancellationToken cancellation)
    {
        var id = ParseId(merchantId);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        return Results.Json(
            await FindAsync(connection, rails, clock.Now(), id, cancellation), OperatorsJson.Default.MerchantJson);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    Converters = [typeof(MillisecondTime)])]
[JsonSerializable(typeof(MerchantJson))]
[JsonSerializable(typeof(Page<MerchantRowJson>), TypeInfoPropertyName = "MerchantPage")]
[JsonSerializable(typeof(ReasonRequest))]
[JsonSerializable(typeof(IssueClaimRequest))]
[JsonSerializable(typeof(ClaimLink))]
[JsonSerializable(typeof(EnvironmentTerms))]
internal sealed partial class OperatorsJson : JsonSerializerContext;
