using Kobbopay.Payments.Merchants.Settings;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Operators;

/// <summary>
/// <c>PATCH /v1/operator/merchants/{id}/environments/{environment}</c>: the settings that the merchant has in its own
/// hands (<see cref="Account"/>), changed for it.
/// </summary>
internal static class PatchMerchantSettings
{
    public static void MapPatchMerchantSettings(this IEndpointRouteBuilder app) =>
        app.MapPatch("/v1/operator/merchants/{merchantId}/environments/{environment}", HandleAsync).RequireOperator()
            .Describe("changeMerchantSettings", "Change a merchant's settings")
            .Takes<SettingsRequest>()
            .Answers<AccountJsonBody>();

    private static async Task<IResult> HandleAsync(
        HttpContext http,
        string merchantId,
        string environment,
        ChangeSettings settings,
        RailCatalog rails,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var id = ReadMerchants.ParseId(merchantId);
        var (request, _) = await JsonBody.ReadAsync(http, AccountJson.Default.SettingsRequest, cancellation);
        if (await settings.ApplyAsync(http, id, environment, request, cancellation) is null)
            throw new ProblemException(ProblemCodes.NotFound, "There is no such merchant in this environment.");
        await using var connection = await database.OpenConnectionAsync(cancellation);
        return Results.Json(
            await Account.FindAsync(connection, rails, id, environment, cancellation),
            AccountJson.Default.AccountJsonBody);
    }
}
