using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Merchants.ApiKeys;

/// <param name="OverlapSeconds">How long the old key works on; 0 after a leak.</param>
internal sealed record RollRequest(int? OverlapSeconds)
{
    public static readonly RollRequest Default = new(OverlapSeconds: null);
}

/// <summary>
/// <c>POST /v1/api-keys/{id}/roll</c>: a new key with the same scopes, addresses and end, while the old one works on
/// for the overlap.
/// </summary>
internal static class RollApiKey
{
    public static void MapRollApiKey(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/api-keys/{keyId}/roll", HandleAsync).RequireMerchant(Scopes.KeysWrite)
            .Describe("rollApiKey", "Replace an API key, with an overlap")
            .Refuses(ProblemCodes.RotationInProgress)
            .MayTake<RollRequest>()
            .Answers<NewApiKeyJson>(StatusCodes.Status201Created);

    private static async Task HandleAsync(
        HttpContext http,
        string keyId,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        StoredAnswers answers,
        AuditTrail audit,
        Signal<OutboxRelay> relay,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadOrDefaultAsync(
            http, ApiKeysJson.Default.RollRequest, RollRequest.Default, cancellation);
        await answers.AnswerAsync(
            http, merchant, body.Bytes, ApiKeysJson.Default.NewApiKeyJson, database, RollAsync, cancellation);
        relay.Set();

        async Task<GivenAnswer<NewApiKeyJson>> RollAsync(NpgsqlConnection connection)
        {
            var now = clock.Now();
            var overlap = Overlap.Of(body.Value.OverlapSeconds);
            await CreateApiKey.RequireRoomAsync(connection, merchant, now, cancellation);
            var oldId = ApiKeyRows.ParseId(keyId);
            var (old, changed) = await LockAsync(connection, merchant, oldId, now, cancellation);
            if (old.ReplacedBy is { } newer && overlap > TimeSpan.Zero)
            {
                throw new ProblemException(
                    ProblemCodes.RotationInProgress, $"This key has been rolled to {newer} already; after a leak, roll "
                    + "with overlapSeconds 0.");
            }

            if (!old.Scopes.All(merchant.Scopes.Contains))
            {
                throw new ProblemException(
                    ProblemCodes.InsufficientScope, "The key that asks lacks a scope of the key that is to be rolled.");
            }

            await using var batch = new NpgsqlBatch(connection);
            var terms = new ApiKeyTerms(old.Label, old.Scopes, old.ExpiresAt, old.AllowedIps);
            var newId = Id.New(now);
            var created = ApiKeyRows.Insert(batch, newId, merchant.MerchantId, merchant.Environment, terms, now);
            End(batch, merchant, oldId, newId, now, overlap);
            ApiKeyRows.Announce(batch, clock, [changed]);
            var details = CreateApiKey.DetailsOf(created);
            details["rolledTo"] = created.Id;
            details["overlapSeconds"] = (int)overlap.TotalSeconds;
            audit.Add(batch, http, merchant, "api_key.rolled", old.Id, details);
            await batch.ExecuteNonQueryAsync(cancellation);
            return new GivenAnswer<NewApiKeyJson>(
                created, StatusCodes.Status201Created, $"/v1/api-keys/{created.Id}", new NewApiKeyJson(created, null));
        }
    }

    /// <summary>The key, and what the gateways are told once it has changed.</summary>
    private static async Task<(ApiKeyJson Key, ApiKeyChanged Changed)> LockAsync(
        NpgsqlConnection connection, MerchantIdentity merchant, Guid id, DateTimeOffset now,
        CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select {ApiKeyRows.Columns}, k.hash, k.version from api_keys k
            where k.id = $4 and k.merchant_id = $1 and k.environment = $2 and {ApiKeyRows.IsActive}
            for update
            """,
            connection);
        command.Parameters.AddOwner(merchant);
        command.Parameters.AddTime(now);
        command.Parameters.AddId(id);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? (ApiKeyRows.Read(row, now), new ApiKeyChanged(row.GetString(12), row.GetInt32(13) + 1))
            : throw ApiKeyRows.NotFound();
    }

    /// <summary>The old key ends with the overlap, or at its own end when that is before.</summary>
    private static void End(
        NpgsqlBatch batch, MerchantIdentity merchant, Guid oldId, Guid newId, DateTimeOffset now, TimeSpan overlap)
    {
        var update = batch.Add("""
            update api_keys
            set version = version + 1, replaced_by = $4, expires_at = least(expires_at, $5),
              revoked_at = case when $6 then $5 end
            where merchant_id = $1 and environment = $2 and id = $3
            """);
        update.AddOwner(merchant);
        update.AddId(oldId);
        update.AddId(newId);
        update.AddTime(now + overlap);
        update.AddFlag(overlap == TimeSpan.Zero);
    }
}
