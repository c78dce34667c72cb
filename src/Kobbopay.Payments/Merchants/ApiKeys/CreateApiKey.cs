using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Payments.Audit;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Merchants.ApiKeys;

/// <summary><c>POST /v1/api-keys</c> (contracts.md, section 6): the key is in this one answer.</summary>
internal static class CreateApiKey
{
    /// <summary>Keys of a merchant's environment that work at the same time.</summary>
    private const int ActiveLimit = 100;

    public static void MapCreateApiKey(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/api-keys", HandleAsync).RequireMerchant(Scopes.KeysWrite)
            .Describe("createApiKey", "Create an API key")
            .Takes<ApiKeyRequest>("label", "scopes")
            .Answers<NewApiKeyJson>(StatusCodes.Status201Created);

    private static async Task HandleAsync(
        HttpContext http,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        StoredAnswers answers,
        AuditTrail audit,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync(http, ApiKeysJson.Default.ApiKeyRequest, cancellation);
        await answers.AnswerAsync(
            http, merchant, body.Bytes, ApiKeysJson.Default.NewApiKeyJson, database, CreateAsync, cancellation);

        async Task<GivenAnswer<NewApiKeyJson>> CreateAsync(NpgsqlConnection connection)
        {
            var now = clock.Now();
            var terms = body.Value.Validate(merchant, now);
            await RequireRoomAsync(connection, merchant, now, cancellation);
            await using var batch = new NpgsqlBatch(connection);
            var id = Id.New(now);
            var created = ApiKeyRows.Insert(batch, id, merchant.MerchantId, merchant.Environment, terms, now);
            audit.Add(batch, http, merchant, "api_key.created", created.Id, DetailsOf(created));
            await batch.ExecuteNonQueryAsync(cancellation);
            return new GivenAnswer<NewApiKeyJson>(
                created, StatusCodes.Status201Created, $"/v1/api-keys/{created.Id}", new NewApiKeyJson(created, null));
        }
    }

    /// <summary>What an audit entry tells of a key.</summary>
    internal static JsonObject DetailsOf(ApiKeyJson key) => new()
    {
        ["label"] = key.Label,
        ["scopes"] = string.Join(' ', key.Scopes),
        ["last4"] = key.Last4,
        ["allowedIps"] = key.AllowedIps is null ? null : string.Join(' ', key.AllowedIps),
    };

    /// <summary>The settings row is what two requests at once wait for each other at.</summary>
    internal static async Task RequireRoomAsync(
        NpgsqlConnection connection, MerchantIdentity merchant, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        batch.Add("select true from merchant_settings where merchant_id = $1 and environment = $2 for update")
            .AddOwner(merchant);
        // A statement of its own: it sees what the one that was waited for has made.
        var count = batch.Add(
            $"""
            select count(*) from api_keys k
            where k.merchant_id = $1 and k.environment = $2 and {ApiKeyRows.IsActive}
            """);
        count.AddOwner(merchant);
        count.AddTime(now);
        await using (var row = await batch.ExecuteReaderAsync(cancellation))
        {
            await row.NextResultAsync(cancellation);
            await row.ReadAsync(cancellation);
            if (row.GetInt64(0) < ActiveLimit)
                return;
        }

        const string Message = "Revoke a key that is no longer used.";
        throw new ProblemException(
            ProblemCodes.InvalidRequest, $"{ActiveLimit} keys are active. {Message}",
            [new InvalidField(string.Empty, "too_many", Message)]);
    }
}
