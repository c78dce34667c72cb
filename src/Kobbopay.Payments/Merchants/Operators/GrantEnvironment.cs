using System.Text.Json.Nodes;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Merchants.Settings;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.Payments.Merchants.Operators;

/// <summary>
/// <c>PUT /v1/operator/merchants/{id}/environments/{environment}</c>: which rails a merchant may use there, with which
/// confirmations, and how many requests it may make. A rail that is no longer granted takes no new payments; those that
/// stand are watched to their end.
/// </summary>
internal static class GrantEnvironment
{
    public static void MapGrantEnvironment(this IEndpointRouteBuilder app) =>
        app.MapPut("/v1/operator/merchants/{merchantId}/environments/{environment}", HandleAsync).RequireOperator()
            .Describe("grantEnvironment", "Grant a merchant an environment, its rails and its limit")
            .Refuses(ProblemCodes.MerchantClosed)
            .Takes<EnvironmentTerms>("rails")
            .Answers<MerchantJson>();

    private static async Task<IResult> HandleAsync(
        HttpContext http,
        string merchantId,
        string environment,
        RailCatalog rails,
        MerchantChange change,
        AuditTrail audit,
        CancellationToken cancellation)
    {
        var (body, _) = await JsonBody.ReadAsync(http, OperatorsJson.Default.EnvironmentTerms, cancellation);
        var terms = body with { Environment = body.Environment ?? environment };
        ProblemException.ThrowIfAny(terms.Environment == environment
            ? terms.Check(string.Empty, rails)
            : [new InvalidField("/environment", "conflict", "The path names another one.")]);
        var merchant = await change.RunAsync(merchantId, async (connection, batch, id) =>
        {
            await terms.StoreAsync(connection, id, cancellation);
            await change.TouchKeysAsync(connection, batch, id, environment, cancellation);
            audit.Add(batch, http, "environment.granted", merchantId, id, environment, new JsonObject
            {
                ["rails"] = string.Join(", ", terms.Rails!.Select(
                    rail => $"{rail!.Currency} on {rail.Network} ({rail.Confirmations?.ToString() ?? "standard"})")),
                ["requestsPerSecond"] = terms.RequestsPerSecond,
            });
        }, cancellation);
        return Results.Json(merchant, OperatorsJson.Default.MerchantJson);
    }
}
