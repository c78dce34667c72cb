using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary><c>GET /v1/webhook-endpoints</c> and <c>.../{id}</c>: without the secret, always.</summary>
internal static class ReadEndpoints
{
    public static void MapReadEndpoints(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/webhook-endpoints", ListAsync).RequireMerchant(Scopes.WebhooksRead)
            .Describe("listWebhookEndpoints", "List webhook endpoints, newest first")
            .Answers<Page<EndpointAnswer>>();
        app.MapGet("/v1/webhook-endpoints/{id}", OneAsync).RequireMerchant(Scopes.WebhooksRead)
            .Describe("getWebhookEndpoint", "Read a webhook endpoint")
            .Answers<EndpointAnswer>();
    }

    /// <summary>Unknown, deleted, somebody else's, or of the other environment: one and the same answer.</summary>
    public static ProblemException NotFound() => new(ProblemCodes.NotFound, "There is no such webhook endpoint.");

    public static Guid ParseId(string id) =>
        Id.TryParse(Id.WebhookEndpoint, id, out var endpointId) ? endpointId : throw NotFound();

    private static async Task<IResult> ListAsync(
        [AsParameters] PageQuery query,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var range = query.Parse(merchant, "webhook-endpoints");
        await using var command = database.CreateCommand(
            $"""
            select {EndpointRow.Columns} from webhook_endpoints
            where merchant_id = $3 and environment = $4 and deleted_at is null and {range.Where("id")}
            {range.OrderAndLimit("id")}
            """);
        command.Parameters.AddPage(range);
        command.Parameters.AddOwner(merchant);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<EndpointRow>();
        while (await reader.ReadAsync(cancellation))
            rows.Add(EndpointRow.Read(reader));
        var page = range.Of(rows, row => row.Id);
        var now = clock.GetUtcNow();
        var answers = page.Data.Select(row => EndpointAnswer.Of(row, now));
        return Results.Json(
            new Page<EndpointAnswer>([.. answers], page.HasMore, page.NextCursor), WebhooksJson.Default.EndpointPage);
    }

    private static async Task<IResult> OneAsync(
        string id,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"select {EndpointRow.Columns} from webhook_endpoints where {EndpointRow.IsTarget}");
        EndpointRow.AddTarget(command.Parameters, ParseId(id), merchant);
        var endpoint = await EndpointRow.ReadOneAsync(command, cancellation);
        return EndpointAnswer.Of(endpoint, clock.GetUtcNow()).Json();
    }
}

/// <param name="Status"><c>enabled</c> or <c>disabled</c>; deliveries to a disabled one are stored as skipped.</param>
/// <param name="DisabledReason"><c>gone</c> (410) or <c>asked</c> (the answer header <c>webhook-delivery:
/// disable</c>).</param>
/// <param name="HeaderNames">Of the merchant's own headers; their values are never shown again.</param>
/// <param name="SecretRotation">While the old secret stays valid beside the new one.</param>
[SchemaName("WebhookEndpoint")]
internal record EndpointAnswer(
    string Id,
    string Environment,
    string Url,
    IReadOnlyList<string> Events,
    string? Description,
    string Ordering,
    bool BodySignature,
    int? RateLimit,
    IReadOnlyList<string> HeaderNames,
    SecretRotation? SecretRotation,
    string Status,
    string? DisabledReason,
    DateTimeOffset? DisabledAt,
    DateTimeOffset CreatedAt)
{
    public static EndpointAnswer Of(EndpointRow row, DateTimeOffset now) => new(
        Contracts.Id.Format(Contracts.Id.WebhookEndpoint, row.Id), row.Environment, row.Url, row.Events,
        row.Description, row.Ordering, row.BodySignature, row.RateLimit, row.HeaderNames,
        row.OverlapUntil is { } until && until > now ? new SecretRotation(until) : null, row.Status,
        row.DisabledReason, row.DisabledAt, row.CreatedAt);

    public IResult Json() => Results.Json(this, WebhooksJson.Default.EndpointAnswer);
}

/// <param name="OverlapUntil">When the old secret ends, unless the rotation is completed before.</param>
internal sealed record SecretRotation(DateTimeOffset OverlapUntil);
