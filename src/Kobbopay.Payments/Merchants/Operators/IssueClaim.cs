using Kobbopay.Contracts;
using Kobbopay.Payments.Merchants.Claims;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Operators;

/// <param name="Kind">One of <see cref="ClaimKinds"/>; <c>materials</c> without it.</param>
internal sealed record IssueClaimRequest(string? Environment, string? Kind)
{
    public void Validate()
    {
        var errors = new List<InvalidField>();
        if (Environment is not (MerchantEnvironments.Test or MerchantEnvironments.Live))
            errors.Add(new InvalidField("/environment", "unknown_value", "One of test, live."));
        if (Kind is not (null or ClaimKinds.Materials or ClaimKinds.Xpub))
            errors.Add(new InvalidField("/kind", "unknown_value", "One of materials, xpub."));
        ProblemException.ThrowIfAny(errors);
    }
}

/// <summary>
/// <c>POST /v1/operator/merchants/{id}/claims</c>: another link, which ends the one before. Keys that were claimed
/// with an earlier one stay valid until they are revoked.
/// </summary>
internal static class IssueClaim
{
    public static void MapIssueClaim(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/operator/merchants/{merchantId}/claims", HandleAsync).RequireOperator()
            .Describe("issueClaim", "Issue a claim link")
            .Refuses(ProblemCodes.MerchantClosed)
            .Takes<IssueClaimRequest>("environment")
            .Answers<ClaimLink>(StatusCodes.Status201Created);

    private static async Task HandleAsync(
        HttpContext http,
        string merchantId,
        OperatorIdentity who,
        NpgsqlDataSource database,
        StoredAnswers answers,
        ClaimLinks claims,
        CancellationToken cancellation)
    {
        var id = ReadMerchants.ParseId(merchantId);
        var (request, bytes) = await JsonBody.ReadAsync(http, OperatorsJson.Default.IssueClaimRequest, cancellation);
        request.Validate();
        await answers.AnswerAsync(
            http, who, bytes, OperatorsJson.Default.ClaimLink, database, IssueAsync, cancellation);

        async Task<GivenAnswer<ClaimLink>> IssueAsync(NpgsqlConnection connection)
        {
            await MerchantChange.LockOpenAsync(connection, id, cancellation);
            if (await Settings.SettingsRows.LockAsync(connection, id, request.Environment!, cancellation) is null)
            {
                const string Message = "This environment has not been granted to the merchant.";
                throw new ProblemException(
                    ProblemCodes.InvalidRequest, $"/environment: {Message}",
                    [new InvalidField("/environment", "not_found", Message)]);
            }

            await using var batch = new NpgsqlBatch(connection);
            var link = claims.Issue(batch, http, id, request.Environment!, request.Kind ?? ClaimKinds.Materials);
            await batch.ExecuteNonQueryAsync(cancellation);
            return new GivenAnswer<ClaimLink>(
                link, StatusCodes.Status201Created, OnReplay: link.WithoutSecret());
        }
    }
}
