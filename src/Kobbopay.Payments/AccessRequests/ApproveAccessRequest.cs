using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Merchants.Claims;
using Kobbopay.Payments.Merchants.Settings;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.AccessRequests;

/// <param name="DisplayName">What payers read.</param>
internal sealed record ApproveRequest(string? DisplayName, IReadOnlyList<EnvironmentTerms?>? Environments)
{
    public void Validate(RailCatalog rails)
    {
        var errors = new List<InvalidField?> { TextField.Check("/displayName", DisplayName, MerchantName.Limit, 1) };
        if (Environments is not { Count: > 0 and <= 2 }
            || Environments.DistinctBy(terms => terms?.Environment).Count() < Environments.Count)
            errors.Add(new InvalidField("/environments", "required", "Name test, live or both, each once."));
        else
            errors.AddRange(Environments.Index().SelectMany(one => one.Item is { } terms
                ? terms.Check($"/environments/{one.Index}", rails)
                : [new InvalidField($"/environments/{one.Index}", "wrong_type", "Must be an object.")]));
        ProblemException.ThrowIfAny(errors);
    }
}

/// <summary>The new merchant, and its links: shown once, to be handed over with the code by another way.</summary>
internal sealed record ApprovedJson(
    AccessRequestJson AccessRequest, string MerchantId, IReadOnlyList<ClaimLink> Claims);

/// <summary>
/// <c>POST /v1/operator/access-requests/{id}/approve</c>: makes the merchant, and a one-time claim link for each
/// environment.
/// </summary>
internal static class ApproveAccessRequest
{
    public static void MapApproveAccessRequest(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/operator/access-requests/{requestId}/approve", HandleAsync).RequireOperator()
            .Describe("approveAccessRequest", "Approve an access request")
            .Refuses(ProblemCodes.AlreadyDecided)
            .Takes<ApproveRequest>("displayName", "environments")
            .Answers<ApprovedJson>(StatusCodes.Status201Created);

    private static async Task HandleAsync(
        HttpContext http,
        string requestId,
        OperatorIdentity who,
        RailCatalog rails,
        NpgsqlDataSource database,
        StoredAnswers answers,
        ClaimLinks claims,
        AuditTrail audit,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var id = AccessRequestJson.ParseId(requestId);
        var (request, bytes) = await JsonBody.ReadAsync(http, AccessRequestsJson.Default.ApproveRequest, cancellation);
        await answers.AnswerAsync(
            http, who, bytes, AccessRequestsJson.Default.ApprovedJson, database, ApproveAsync, cancellation);

        async Task<GivenAnswer<ApprovedJson>> ApproveAsync(NpgsqlConnection connection)
        {
            request.Validate(rails);
            var now = clock.Now();
            var merchantId = Id.New(now);
            await DecideAccessRequest.LockOpenAsync(connection, id, cancellation);
            await InsertMerchantAsync(connection, merchantId, request.DisplayName!.Trim(), now, cancellation);
            foreach (var terms in request.Environments!)
                await terms!.StoreAsync(connection, merchantId, cancellation);

            await using var batch = new NpgsqlBatch(connection);
            DecideAccessRequest.AddDecision(batch, http, id, "approved", reason: null, now, merchantId);
            audit.Add(batch, http, "access_request.approved", requestId, merchantId, details: new JsonObject
            {
                ["displayName"] = request.DisplayName,
                ["environments"] = string.Join(' ', request.Environments.Select(terms => terms!.Environment)),
            });
            ClaimLink[] links =
            [
                .. request.Environments.Select(terms =>
                    claims.Issue(batch, http, merchantId, terms!.Environment!, ClaimKinds.Materials)),
            ];
            await batch.ExecuteNonQueryAsync(cancellation);
            var approved = new ApprovedJson(
                await ReadAccessRequests.FindAsync(connection, id, cancellation),
                Id.Format(Id.Merchant, merchantId),
                links);
            return new GivenAnswer<ApprovedJson>(
                approved,
                StatusCodes.Status201Created,
                OnReplay: approved with { Claims = [.. links.Select(link => link.WithoutSecret())] });
        }
    }

    private static async Task InsertMerchantAsync(
        NpgsqlConnection connection, Guid id, string displayName, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "insert into merchants (id, display_name, created_at) values ($1, $2, $3)", connection);
        command.Parameters.AddId(id);
        command.Parameters.AddText(displayName);
        command.Parameters.AddTime(now);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
