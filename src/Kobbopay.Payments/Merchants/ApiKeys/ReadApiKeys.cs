using System.Text.Json.Serialization;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Merchants.ApiKeys;

/// <summary><c>GET /v1/api-keys</c> and <c>GET /v1/api-keys/{id}</c>: newest first, those that have ended
/// included.</summary>
internal static class ReadApiKeys
{
    private const string List = "api-keys";

    public static void MapReadApiKeys(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/api-keys", ListAsync).RequireMerchant(Scopes.KeysWrite)
            .Describe("listApiKeys", "List API keys, newest first")
            .TakesQuery(RequestQuery.PageNames)
            .Answers<Page<ApiKeyJson>>();
        app.MapGet("/v1/api-keys/{keyId}", ReadAsync).RequireMerchant(Scopes.KeysWrite)
            .Describe("getApiKey", "Read an API key")
            .Answers<ApiKeyJson>();
    }

    private static async Task<IResult> ListAsync(
        HttpContext http,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var page = RequestQuery.Of(http.Request.QueryString, RequestQuery.PageNames).Page(merchant, List);
        await using var command = database.CreateCommand(
            $"""
            select {ApiKeyRows.Columns} from api_keys k
            where k.merchant_id = $3 and k.environment = $4 and {page.Where("k.id")} {page.OrderAndLimit("k.id")}
            """);
        command.Parameters.AddPage(page);
        command.Parameters.AddOwner(merchant);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var keys = new List<(Guid Id, ApiKeyJson Key)>();
        while (await row.ReadAsync(cancellation))
            keys.Add((row.GetGuid(0), ApiKeyRows.Read(row, clock.Now())));
        var found = page.Of(keys, key => key.Id);
        return Results.Json(
            new Page<ApiKeyJson>([.. found.Data.Select(key => key.Key)], found.HasMore, found.NextCursor),
            ApiKeysJson.Default.ApiKeyPage);
    }

    private static async Task<IResult> ReadAsync(
        string keyId,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select {ApiKeyRows.Columns} from api_keys k
            where k.id = $1 and k.merchant_id = $2 and k.environment = $3
            """);
        command.Parameters.AddId(ApiKeyRows.ParseId(keyId));
        command.Parameters.AddOwner(merchant);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? Results.Json(ApiKeyRows.Read(row, clock.Now()), ApiKeysJson.Default.ApiKeyJson)
            : throw ApiKeyRows.NotFound();
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    Converters = [typeof(MillisecondTime)])]
[JsonSerializable(typeof(ApiKeyRequest))]
[JsonSerializable(typeof(RollRequest))]
[JsonSerializable(typeof(NewApiKeyJson))]
[JsonSerializable(typeof(ApiKeyMisusedData))]
[JsonSerializable(typeof(Page<ApiKeyJson>), TypeInfoPropertyName = "ApiKeyPage")]
internal sealed partial class ApiKeysJson : JsonSerializerContext;
