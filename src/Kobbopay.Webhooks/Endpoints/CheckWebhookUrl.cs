using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Webhooks.Deliveries;
using Npgsql;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>
/// Whether a payment's own <c>webhookUrl</c> may be used: it replaces the URL of the merchant's one enabled endpoint
/// with the same scheme, host and port (contracts.md, section 4). Asked by Payments at creation.
/// </summary>
internal static class CheckWebhookUrl
{
    public static void MapCheckWebhookUrl(this IEndpointRouteBuilder app) =>
        app.MapGet(InternalApi.WebhookUrls, HandleAsync).RequireService(ResourceNames.Payments);

    private static async Task<IResult> HandleAsync(
        Guid merchant,
        string environment,
        string url,
        EgressGuard egress,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var problem = EndpointUrl.Check(url, environment, egress)?.Message
            ?? await FindAsync(merchant, environment, url, database, cancellation) switch
            {
                1 => null,
                0 => "No enabled webhook endpoint of yours has this scheme, host and port.",
                _ => "Several enabled webhook endpoints of yours have this scheme, host and port.",
            };
        return Results.Json(new WebhookUrlVerdict(problem), ContractsJson.Default.WebhookUrlVerdict);
    }

    private static async Task<long> FindAsync(
        Guid merchant, string environment, string url, NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select count(*) from webhook_endpoints
            where merchant_id = $1 and environment = $2 and deleted_at is null and status = 'enabled' and origin = $3
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchant });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = environment });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = EndpointUrl.OriginOf(url) });
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }
}
