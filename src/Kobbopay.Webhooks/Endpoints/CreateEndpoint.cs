using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Webhooks.Deliveries;
using Npgsql;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary><c>POST /v1/webhook-endpoints</c> (contracts.md, section 4).</summary>
internal static class CreateEndpoint
{
    public static void MapCreateEndpoint(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/webhook-endpoints", HandleAsync).RequireMerchant(Scopes.WebhooksWrite);

    private static async Task<IResult> HandleAsync(
        HttpContext http,
        MerchantIdentity merchant,
        EgressGuard egress,
        SecretVault vault,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var (request, _) = await JsonBody.ReadAsync(http, WebhooksJson.Default.EndpointRequest, cancellation);
        request.Validate(merchant.Environment, egress, isNew: true);

        var secret = WebhookSecret.Create();
        var headers = request.Headers ?? [];
        var endpoint = new EndpointRow(
            Id.New(clock),
            merchant.MerchantId,
            merchant.Environment,
            request.Url!,
            request.EventNames!,
            request.Description,
            request.Ordering ?? EndpointOrdering.None,
            request.BodySignature ?? true,
            request.RateLimit,
            [.. headers.Keys],
            clock.GetUtcNow());
        await using var batch = database.CreateBatch();
        endpoint.Insert(batch, vault.Seal(endpoint.Id, secret), vault.SealHeaders(endpoint.Id, headers!));
        await batch.ExecuteNonQueryAsync(cancellation);

        var answer = EndpointAnswer.Of(endpoint, clock.GetUtcNow());
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.Location = $"/v1/webhook-endpoints/{answer.Id}";
        return Results.Json(
            new CreatedEndpointAnswer(answer, secret), WebhooksJson.Default.CreatedEndpointAnswer, statusCode: 201);
    }
}

/// <summary>The endpoint and, this once, its secret.</summary>
internal sealed record CreatedEndpointAnswer : EndpointAnswer
{
    public CreatedEndpointAnswer(EndpointAnswer endpoint, string? secret)
        : base(endpoint) => Secret = secret;

    public string? Secret { get; }
}
