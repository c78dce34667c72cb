using System.Text.Json.Nodes;
using Kobbopay.Payments.Audit;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.Payments.Merchants.Operators;

/// <summary>
/// <c>POST /v1/operator/merchants/{id}/waive-certification</c>: live materials without a passed certification, by
/// somebody's name and for a reason.
/// </summary>
internal static class WaiveCertification
{
    public static void MapWaiveCertification(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/operator/merchants/{merchantId}/waive-certification", HandleAsync).RequireOperator()
            .Describe("waiveCertification", "Let a merchant go live without a certification")
            .Refuses(ProblemCodes.MerchantClosed)
            .Takes<ReasonRequest>("reason")
            .Answers<MerchantJson>();

    private static Task HandleAsync(
        HttpContext http,
        string merchantId,
        OperatorIdentity who,
        MerchantChange change,
        AuditTrail audit,
        TimeProvider clock,
        CancellationToken cancellation) =>
        change.AnswerAsync(http, who, merchantId, (_, batch, id, reason) =>
        {
            var update = batch.Add(
                "update merchants set waiver_reason = $2, waived_by = $3, waived_at = $4 where id = $1");
            update.AddId(id);
            update.AddText(reason);
            update.AddText(who.Name);
            update.AddTime(clock.Now());
            audit.Add(
                batch, http, "certification.waived", merchantId, id, details: new JsonObject { ["reason"] = reason });
            return Task.CompletedTask;
        }, cancellation);
}
