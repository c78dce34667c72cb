using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>It has no fields: what is meant is in the path.</summary>
internal sealed record EmptyRequest
{
    public static readonly EmptyRequest Instance = new();
}

/// <summary>
/// <c>POST /v1/webhook-endpoints/{id}/enable</c>: events from now on are delivered again, and a failing that led to the
/// end is forgotten. What was skipped meanwhile stays skipped until it is recovered. An enabled one stays as it is.
/// </summary>
internal static class EnableEndpoint
{
    private const string Enable = $"""
        with asked as (
          select id as asked_id, status = 'disabled' as was_disabled
          from webhook_endpoints where {EndpointRow.IsTarget} for update),
        forgiven as (
          update endpoint_state s
          set failing_since = null, failures = 0, failed_event_id = null, failed_events_differ = false,
            warned_at = null
          from asked where s.endpoint_id = asked_id and was_disabled),
        audited as ({Audit.Insert} $4, $5, $6 from asked where was_disabled)
        update webhook_endpoints set status = 'enabled', disabled_reason = null, disabled_at = null
        from asked where id = asked_id
        returning {EndpointRow.Columns}
        """;

    public static void MapEnableEndpoint(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/webhook-endpoints/{id}/enable", HandleAsync).RequireMerchant(Scopes.WebhooksWrite)
            .Describe("enableWebhookEndpoint", "Enable a disabled webhook endpoint")
            .MayTake<EmptyRequest>()
            .Answers<EndpointAnswer>();

    private static async Task HandleAsync(
        HttpContext http,
        string id,
        MerchantIdentity merchant,
        StoredAnswers answers,
        Audit audit,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var endpointId = ReadEndpoints.ParseId(id);
        var body = await JsonBody.ReadOrDefaultAsync(
            http, WebhooksJson.Default.EmptyRequest, EmptyRequest.Instance, cancellation);
        await answers.AnswerAsync(
            http, merchant, body.Bytes, WebhooksJson.Default.EndpointAnswer, database, EnableAsync, cancellation);

        async Task<GivenAnswer<EndpointAnswer>> EnableAsync(NpgsqlConnection connection)
        {
            await using var command = new NpgsqlCommand(Enable, connection);
            EndpointRow.AddTarget(command.Parameters, endpointId, merchant);
            audit.AddTo(command.Parameters, "webhook_endpoint.enabled", id);
            var endpoint = await EndpointRow.ReadOneAsync(command, cancellation);
            return new(EndpointAnswer.Of(endpoint, clock.GetUtcNow()));
        }
    }
}
