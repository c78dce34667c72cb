using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Webhooks.Deliveries;
using Npgsql;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>
/// The endpoint that a merchant names when it claims its access (contracts.md, section 6). Payments chooses the id and
/// the secret, so that it may ask again after an outage: then the same endpoint gets the same values.
/// </summary>
internal static class PutFirstEndpoint
{
    /// <summary>Another's endpoint, or a deleted one, is in the way of nothing and is not touched.</summary>
    private const string Put = """
        with put as (
          insert into webhook_endpoints (
            id, merchant_id, environment, url, origin, events, ordering, body_signature, created_at)
          values ($1, $2, $3, $4, $5, $6, $7, false, $8)
          on conflict (id) do update set url = excluded.url, origin = excluded.origin
          where webhook_endpoints.merchant_id = excluded.merchant_id
            and webhook_endpoints.environment = excluded.environment and webhook_endpoints.deleted_at is null
          returning id)
        insert into webhook_secrets (endpoint_id, key_id, sealed) select id, $9, $10 from put
        on conflict (endpoint_id) do update set
          key_id = excluded.key_id, sealed = excluded.sealed, next_key_id = null, next_sealed = null,
          overlap_until = null
        """;

    public static void MapPutFirstEndpoint(this IEndpointRouteBuilder app) =>
        app.MapPut(InternalApi.WebhookEndpoints + "/{id:guid}", HandleAsync).RequireService(ResourceNames.Payments);

    private static async Task<IResult> HandleAsync(
        HttpContext http,
        Guid id,
        EgressGuard egress,
        SecretVault vault,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var (endpoint, _) = await JsonBody.ReadAsync(http, ContractsJson.Default.FirstEndpoint, cancellation);
        if (endpoint.Environment is not (MerchantEnvironments.Test or MerchantEnvironments.Live))
            throw Invalid("/environment", "unknown_value", "One of test, live.");
        if (!WebhookSecret.IsWellFormed(endpoint.Secret))
            throw Invalid("/secret", "invalid_format", "This is not a webhook secret.");

        var problem = EndpointUrl.Check(endpoint.Url, endpoint.Environment, egress)?.Message;
        if (problem is null)
            await PutAsync(id, endpoint, vault.Seal(id, endpoint.Secret), database, clock, cancellation);
        return Results.Json(new WebhookUrlVerdict(problem), ContractsJson.Default.WebhookUrlVerdict);
    }

    private static async Task PutAsync(
        Guid id,
        FirstEndpoint endpoint,
        SealedSecret secret,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(Put);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = endpoint.MerchantId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = endpoint.Environment });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = endpoint.Url });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = EndpointUrl.OriginOf(endpoint.Url) });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [EventPatterns.Everything] });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = EndpointOrdering.None });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = secret.KeyId });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = secret.Bytes });
        if (await command.ExecuteNonQueryAsync(cancellation) == 0)
            throw ReadEndpoints.NotFound();
    }

    private static ProblemException Invalid(string pointer, string code, string message) =>
        new(ProblemCodes.InvalidRequest, $"{pointer}: {message}", [new InvalidField(pointer, code, message)]);
}
