using System.Text.Json.Serialization;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Kobbopay.Webhooks.Deliveries;
using Npgsql;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary><c>POST /v1/webhook-endpoints</c> (contracts.md, section 4).</summary>
internal static class CreateEndpoint
{
    public static void MapCreateEndpoint(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/webhook-endpoints", HandleAsync).RequireMerchant(Scopes.WebhooksWrite)
            .Describe("createWebhookEndpoint", "Create a webhook endpoint")
            .Takes<EndpointRequest>("url", "events")
            .Answers<CreatedEndpointAnswer>(StatusCodes.Status201Created);

    private static async Task HandleAsync(
        HttpContext http,
        MerchantIdentity merchant,
        EgressGuard egress,
        SecretVault vault,
        StoredAnswers answers,
        Audit audit,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync(http, WebhooksJson.Default.EndpointRequest, cancellation);
        http.Response.Headers.CacheControl = "no-store";
        await answers.AnswerAsync(
            http, merchant, body.Bytes, WebhooksJson.Default.CreatedEndpointAnswer, CreateAsync, cancellation);

        async Task CreateAsync(GiveAnswer<CreatedEndpointAnswer> answer)
        {
            body.Value.Validate(merchant.Environment, egress, isNew: true);
            var secret = WebhookSecret.Create();
            var row = Make(body.Value, merchant, clock);
            await using var batch = database.CreateBatch();
            var headers = body.Value.Headers ?? [];
            row.Insert(batch, vault.Seal(row.Id, secret), vault.SealHeaders(row.Id, headers!));
            var created = EndpointAnswer.Of(row, clock.GetUtcNow());
            audit.AddTo(batch, "webhook_endpoint.created", created.Id, AuditDetails.Of(row));
            answer(
                batch,
                new CreatedEndpointAnswer(created, secret),
                StatusCodes.Status201Created,
                $"/v1/webhook-endpoints/{created.Id}",
                onReplay: new CreatedEndpointAnswer(created, secret: null));
            await batch.ExecuteNonQueryAsync(cancellation);
        }
    }

    private static EndpointRow Make(EndpointRequest request, MerchantIdentity merchant, TimeProvider clock) => new(
        Id.New(clock),
        merchant.MerchantId,
        merchant.Environment,
        request.Url!,
        request.EventNames!,
        request.Description,
        request.Ordering ?? EndpointOrdering.None,
        request.BodySignature ?? true,
        request.RateLimit,
        [.. (request.Headers ?? []).Keys],
        clock.GetUtcNow());
}

/// <summary>The endpoint and, this once, its secret.</summary>
[SchemaName("CreatedWebhookEndpoint")]
internal sealed record CreatedEndpointAnswer : EndpointAnswer
{
    public CreatedEndpointAnswer(EndpointAnswer endpoint, string? secret)
        : base(endpoint) => Secret = secret;

    public string? Secret { get; }

    /// <summary>The answer of an earlier request with the same idempotency key: the secret is not kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SecretAlreadyShown => Secret is null;
}
