using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Kobbopay.Webhooks.Deliveries;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>
/// <c>PATCH /v1/webhook-endpoints/{id}</c>: what is not in the body stays as it is. Attempts from then on go by the
/// changed endpoint, those of deliveries that wait already included; a disabled one stays disabled.
/// </summary>
internal static class PatchEndpoint
{
    public static void MapPatchEndpoint(this IEndpointRouteBuilder app) =>
        app.MapPatch("/v1/webhook-endpoints/{id}", HandleAsync).RequireMerchant(Scopes.WebhooksWrite)
            .Describe("updateWebhookEndpoint", "Change a webhook endpoint")
            .Takes<EndpointRequest>()
            .Answers<EndpointAnswer>();

    private static async Task<IResult> HandleAsync(
        HttpContext http,
        string id,
        MerchantIdentity merchant,
        EgressGuard egress,
        SecretVault vault,
        Audit audit,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var endpointId = ReadEndpoints.ParseId(id);
        var (request, _) = await JsonBody.ReadAsync(http, WebhooksJson.Default.EndpointRequest, cancellation);
        request.Validate(merchant.Environment, egress, isNew: false);

        await using var command = database.CreateCommand(
            $"""
            with changed as (
              update webhook_endpoints
              set url = coalesce($4, url), origin = coalesce($5, origin), events = coalesce($6, events),
                ordering = coalesce($7, ordering), body_signature = coalesce($8, body_signature),
                description = case when $9 then $10 else description end,
                rate_limit = case when $11 then $12 else rate_limit end,
                header_names = case when $13 then $14 else header_names end
              where {EndpointRow.IsTarget}
              returning {EndpointRow.Columns}),
            headers as (
              update webhook_secrets s set headers_key_id = $15, headers_sealed = $16
              from changed c where s.endpoint_id = c.id and $13),
            audited as ({Audit.Insert} $17, $18, $19 from changed)
            select * from changed
            """);
        EndpointRow.AddTarget(command.Parameters, endpointId, merchant);
        AddFields(command.Parameters, request);
        var headers = vault.SealHeaders(endpointId, (request.Headers ?? [])!);
        command.Parameters.AddNullable(headers?.KeyId, NpgsqlDbType.Text);
        command.Parameters.AddNullable(headers?.Bytes, NpgsqlDbType.Bytea);
        audit.AddTo(command.Parameters, "webhook_endpoint.changed", id, Changes(request));
        var endpoint = await EndpointRow.ReadOneAsync(command, cancellation);
        return EndpointAnswer.Of(endpoint, clock.GetUtcNow()).Json();
    }

    private static AuditDetails Changes(EndpointRequest request)
    {
        string[] cleared =
        [
            .. request is { SetsDescription: true, Description: null } ? ["description"] : Array.Empty<string>(),
            .. request is { SetsRateLimit: true, RateLimit: null } ? ["rateLimit"] : Array.Empty<string>(),
            .. request is { SetsHeaders: true, Headers: null } ? ["headers"] : Array.Empty<string>(),
        ];
        return new AuditDetails(
            request.Url, request.EventNames, request.Description, request.Ordering, request.BodySignature,
            request.RateLimit, request.Headers is null ? null : [.. request.Headers.Keys],
            cleared.Length > 0 ? cleared : null);
    }

    /// <summary>$4 to $14.</summary>
    private static void AddFields(NpgsqlParameterCollection parameters, EndpointRequest request)
    {
        parameters.AddNullable(request.Url, NpgsqlDbType.Text);
        parameters.AddNullable(request.Url is { } url ? EndpointUrl.OriginOf(url) : null, NpgsqlDbType.Text);
        parameters.AddNullable(request.EventNames, NpgsqlDbType.Array | NpgsqlDbType.Text);
        parameters.AddNullable(request.Ordering, NpgsqlDbType.Text);
        parameters.AddNullable(request.BodySignature, NpgsqlDbType.Boolean);
        parameters.Add(new NpgsqlParameter<bool> { TypedValue = request.SetsDescription });
        parameters.AddNullable(request.Description, NpgsqlDbType.Text);
        parameters.Add(new NpgsqlParameter<bool> { TypedValue = request.SetsRateLimit });
        parameters.AddNullable(request.RateLimit, NpgsqlDbType.Integer);
        parameters.Add(new NpgsqlParameter<bool> { TypedValue = request.SetsHeaders });
        parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. (request.Headers ?? []).Keys] });
    }
}
