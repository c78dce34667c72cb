using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Webhooks.Endpoints;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>A merchant's own endpoint that takes deliveries.</summary>
internal sealed record EnabledEndpoint(Guid Id, string Url)
{
    /// <exception cref="ProblemException"><c>not_found</c>, or <c>endpoint_disabled</c>.</exception>
    public static async Task<EnabledEndpoint> FindAsync(
        NpgsqlConnection connection, MerchantIdentity merchant, string id, CancellationToken cancellation)
    {
        if (!Contracts.Id.TryParse(Contracts.Id.WebhookEndpoint, id, out var endpointId))
            throw ReadEndpoints.NotFound();
        await using var command = new NpgsqlCommand(
            """
            select url, status = 'enabled' from webhook_endpoints
            where id = $1 and merchant_id = $2 and environment = $3 and deleted_at is null
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = endpointId });
        command.Parameters.AddOwner(merchant);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            throw ReadEndpoints.NotFound();
        return row.GetBoolean(1) ? new EnabledEndpoint(endpointId, row.GetString(0)) : throw Disabled();
    }

    public static ProblemException Disabled() =>
        new(ProblemCodes.EndpointDisabled, "This endpoint is disabled: nothing is sent to it. Enable it first.");
}
