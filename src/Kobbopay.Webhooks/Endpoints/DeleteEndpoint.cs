using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web.Description;
using Kobbopay.Webhooks.Deliveries;
using Npgsql;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>
/// <c>DELETE /v1/webhook-endpoints/{id}</c>: the secret is destroyed, waiting deliveries become <c>skipped</c>, and the
/// record of what was delivered stays readable.
/// </summary>
internal static class DeleteEndpoint
{
    public static void MapDeleteEndpoint(this IEndpointRouteBuilder app) =>
        app.MapDelete("/v1/webhook-endpoints/{id}", HandleAsync).RequireMerchant(Scopes.WebhooksWrite)
            .Describe("deleteWebhookEndpoint", "Delete a webhook endpoint and its secret")
            .Answers(StatusCodes.Status204NoContent);

    private static async Task<IResult> HandleAsync(
        string id,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        DeliveryQueue queue,
        Audit audit,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var endpointId = ReadEndpoints.ParseId(id);
        await using var command = database.CreateCommand(
            $"""
            with gone as (
              update webhook_endpoints
              set deleted_at = $4, status = 'disabled', disabled_reason = 'deleted',
                disabled_at = coalesce(disabled_at, $4)
              where id = $1 and merchant_id = $2 and environment = $3 and deleted_at is null
              returning id),
            audited as ({Audit.Insert} $5, $6, $7 from gone)
            delete from webhook_secrets s using gone g where s.endpoint_id = g.id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = endpointId });
        command.Parameters.AddOwner(merchant);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
        audit.AddTo(command.Parameters, "webhook_endpoint.deleted", id);
        if (await command.ExecuteNonQueryAsync(cancellation) == 0)
            throw ReadEndpoints.NotFound();

        // What a crash leaves here is skipped when it falls due.
        await queue.SkipAsync([endpointId], CancellationToken.None);
        return Results.NoContent();
    }
}
