using System.Text.Json.Nodes;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Merchants.Claims;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Operators;

/// <summary>
/// <c>POST /v1/operator/merchants/{id}/suspend</c>, <c>.../resume</c> and <c>.../close</c>. Closing revokes every key
/// and open link, for good; payments that are open are watched to their end either way, and their webhooks sent.
/// </summary>
internal static class ChangeMerchantStatus
{
    public static void MapChangeMerchantStatus(this IEndpointRouteBuilder app)
    {
        Map("suspend", "merchant.suspended", MerchantStatus.Suspended, "Suspend a merchant");
        Map("resume", "merchant.resumed", MerchantStatus.Active, "Resume a suspended merchant");
        Map("close", "merchant.closed", MerchantStatus.Closed, "Close a merchant for good");

        void Map(string verb, string action, string status, string summary) => app.MapPost(
            $"/v1/operator/merchants/{{merchantId}}/{verb}",
            (HttpContext http, string merchantId, OperatorIdentity who, MerchantChange change, AuditTrail audit,
                TimeProvider clock, CancellationToken cancellation) =>
                HandleAsync(http, merchantId, who, action, status, change, audit, clock, cancellation))
            .RequireOperator()
            .Describe($"{verb}Merchant", summary)
            .Refuses(ProblemCodes.MerchantClosed)
            .Takes<ReasonRequest>("reason")
            .Answers<MerchantJson>();
    }

    private static Task HandleAsync(
        HttpContext http,
        string merchantId,
        OperatorIdentity who,
        string action,
        string status,
        MerchantChange change,
        AuditTrail audit,
        TimeProvider clock,
        CancellationToken cancellation) =>
        change.AnswerAsync(http, who, merchantId, async (connection, batch, id, reason) =>
        {
            var now = clock.Now();
            var closes = status == MerchantStatus.Closed;
            AddStatus(batch, id, status, reason, now);
            if (closes)
                ClaimLinks.Revoke(batch, id, environment: null, kind: null, now);
            await change.TouchKeysAsync(
                connection, batch, id, environment: null, cancellation, revokedAt: closes ? now : null);
            audit.Add(batch, http, action, merchantId, id, details: new JsonObject { ["reason"] = reason });
        }, cancellation);

    private static void AddStatus(NpgsqlBatch batch, Guid id, string status, string reason, DateTimeOffset now)
    {
        var update = batch.Add(
            "update merchants set status = $2, status_reason = $3, status_changed_at = $4 where id = $1");
        update.AddId(id);
        update.AddText(status);
        update.AddText(reason);
        update.AddTime(now);
    }
}
