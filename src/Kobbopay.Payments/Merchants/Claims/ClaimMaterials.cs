using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Events;
using Kobbopay.Payments.Merchants.ApiKeys;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Claims;

/// <summary>
/// <c>POST /v1/claims/preview</c>, which consumes nothing, and <c>POST /v1/claims</c>, which does, once: of two at the
/// same time one gets the materials, and the other learns that the link has been used.
/// </summary>
internal sealed class ClaimMaterials(
    NpgsqlDataSource database,
    OpenClaim open,
    ClaimedXpubs xpubs,
    IHttpClientFactory http,
    AuditTrail audit,
    Signal<EventSequencer> sequencer,
    TimeProvider clock)
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/claims/preview", async (
            HttpContext http, ClaimMaterials claims, CancellationToken cancellation) =>
        {
            var body = await JsonBody.ReadAsync(http, ClaimsJson.Default.ClaimRequest, cancellation);
            var preview = await claims.PreviewAsync(http, body.Value, cancellation);
            return Results.Json(preview, ClaimsJson.Default.ClaimPreview);
        }).AllowPublic()
            .Describe("previewClaim", "See what a claim link opens, and the addresses of xpubs")
            .Refuses(ProblemCodes.ClaimEnded, ProblemCodes.CertificationRequired, ProblemCodes.NotFound)
            .Takes<ClaimRequest>("token", "code")
            .Answers<ClaimPreview>();
        app.MapPost("/v1/claims", async (HttpContext http, ClaimMaterials claims, CancellationToken cancellation) =>
        {
            var body = await JsonBody.ReadAsync(http, ClaimsJson.Default.ClaimRequest, cancellation);
            var claimed = await claims.ClaimAsync(http, body.Value, cancellation);
            return Results.Json(
                claimed, ClaimsJson.Default.ClaimedMaterials, statusCode: StatusCodes.Status201Created);
        }).AllowPublic()
            .Describe("claimMaterials", "Claim a merchant's materials, once")
            .Refuses(ProblemCodes.ClaimEnded, ProblemCodes.CertificationRequired, ProblemCodes.NotFound)
            .Takes<ClaimRequest>("token", "code")
            .Answers<ClaimedMaterials>(StatusCodes.Status201Created);
    }

    public async Task<ClaimPreview> PreviewAsync(
        HttpContext http, ClaimRequest request, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var claim = await open.LockAsync(http, connection, transaction, request, cancellation);
        var previews = ClaimedXpubs.Previews(xpubs.Parse(claim, request, all: false));
        return new ClaimPreview(
            Id.Format(Id.Merchant, claim.MerchantId), claim.Settings.DisplayName, claim.Environment, claim.Kind,
            [.. xpubs.NetworksOf(claim).Select(rail => rail.Network)], previews);
    }

    public async Task<ClaimedMaterials> ClaimAsync(
        HttpContext http, ClaimRequest request, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var claim = await open.LockAsync(http, connection, transaction, request, cancellation);
        var entered = xpubs.Parse(claim, request, all: claim.Kind == ClaimKinds.Materials);
        var previews = ClaimedXpubs.Previews(entered);
        ClaimedXpubs.RequireConfirmed(previews, request);
        var now = clock.Now();
        var changes = await ClaimedXpubs.StoreAsync(connection, claim, entered, now, cancellation);
        // The row is locked: whoever claims at the same time waits, and can't give the endpoint another secret.
        var endpoint = await MakeEndpointAsync(claim, request, cancellation);
        FaultPoint.Pass("claim.endpoint_made");

        await using var batch = new NpgsqlBatch(connection, transaction);
        var key = claim.Kind == ClaimKinds.Materials
            ? ApiKeyRows.Insert(batch, Id.New(now), claim.MerchantId, claim.Environment, FirstKey(claim), now)
            : null;
        AddClaimed(batch, claim, now);
        if (claim.Kind == ClaimKinds.Xpub)
            AddEvent(batch, claim, changes, now);
        audit.Add(
            batch, http, "claim.claimed", Id.Format(Id.Claim, claim.Id), claim.MerchantId, claim.Environment,
            DetailsOf(claim, key, endpoint, changes));
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
        sequencer.Set();
        return new ClaimedMaterials(
            Id.Format(Id.Merchant, claim.MerchantId), claim.Settings.DisplayName, claim.Environment, claim.Kind, key,
            endpoint, previews);
    }

    /// <summary>The first key may do everything, issuing lesser ones above all.</summary>
    private static ApiKeyTerms FirstKey(OpenedClaim claim) => new(
        "First key",
        claim.Environment == MerchantEnvironments.Test
            ? Scopes.All
            : [.. Scopes.All.Where(scope => scope != Scopes.Sandbox)],
        ExpiresAt: null,
        AllowedIps: null);

    private static void AddClaimed(NpgsqlBatch batch, OpenedClaim claim, DateTimeOffset now)
    {
        var update = batch.Add("update claims set claimed_at = $2 where id = $1");
        update.AddId(claim.Id);
        update.AddTime(now);
    }

    private void AddEvent(NpgsqlBatch batch, OpenedClaim claim, List<XpubChange> changes, DateTimeOffset now) =>
        OwnEvents.Add(
            batch, clock, claim.MerchantId, claim.Environment, EventTypes.XpubChanged,
            JsonSerializer.SerializeToUtf8Bytes(
                new XpubChangedData(changes, now), ClaimsJson.Default.XpubChangedData));

    private static JsonObject DetailsOf(
        OpenedClaim claim, NewApiKeyJson? key, ClaimedEndpoint? endpoint, List<XpubChange> changes) => new()
        {
            ["kind"] = claim.Kind,
            ["apiKey"] = key?.Id,
            ["webhookEndpoint"] = endpoint?.Id,
            ["webhookUrl"] = endpoint?.Url,
            ["xpubs"] = new JsonArray([.. changes.Select(change => new JsonObject
            {
                ["network"] = change.Network,
                ["from"] = change.Previous,
                ["to"] = change.Fingerprint,
            })]),
        };

    /// <summary>
    /// Webhooks keeps the endpoint by the claim's own id for it: asked again after a claim that came to nothing, it
    /// only gets another secret.
    /// </summary>
    private async Task<ClaimedEndpoint?> MakeEndpointAsync(
        OpenedClaim claim, ClaimRequest request, CancellationToken cancellation)
    {
        if (request.WebhookUrl is not { Length: > 0 } url || claim.Kind != ClaimKinds.Materials)
            return null;
        var secret = $"whsec_{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";
        try
        {
            using var answer = await http.CreateClient(WebhookUrls.HttpClientName).PutAsJsonAsync(
                $"{InternalApi.WebhookEndpoints}/{claim.EndpointId}",
                new FirstEndpoint(claim.MerchantId, claim.Environment, url, secret),
                ContractsJson.Default.FirstEndpoint,
                cancellation);
            answer.EnsureSuccessStatusCode();
            var verdict = await answer.Content.ReadFromJsonAsync(
                ContractsJson.Default.WebhookUrlVerdict, cancellation);
            return verdict!.Problem is { } problem
                ? throw new ProblemException(
                    ProblemCodes.InvalidRequest, $"/webhookUrl: {problem}",
                    [new InvalidField("/webhookUrl", "invalid_url", problem)])
                : new ClaimedEndpoint(Id.Format(Id.WebhookEndpoint, claim.EndpointId), url, secret);
        }
        catch (Exception outage) when (outage is HttpRequestException
            || (outage is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new ProblemException(
                ProblemCodes.ServiceUnavailable, "The endpoint can't be made right now; the link is still good.")
            {
                RetryAfterSeconds = 5,
            };
        }
    }
}
