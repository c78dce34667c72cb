using System.Text.Json.Nodes;
using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.Payments.Sandbox;

/// <param name="Seconds">1 to 5,184,000 (60 days).</param>
public sealed record AdvanceRequest(int? Seconds);

/// <param name="Head">The block that was mined with the new time.</param>
public sealed record AdvanceAnswer(DateTimeOffset Time, long OffsetSeconds, BlockJson Head);

/// <param name="Time">The sandbox's.</param>
/// <param name="OffsetSeconds">How far it is ahead of the real time.</param>
public sealed record ClockAnswer(DateTimeOffset Time, long OffsetSeconds);

/// <summary>
/// <c>GET /v1/sandbox/clock</c> and <c>POST /v1/sandbox/clock/advance</c>: the time of the caller's sandbox. It moves
/// block times, and with them expiry and late windows, and the retries of test webhooks; all else is on the real clock.
/// </summary>
public static class SandboxClock
{
    private const int SecondsLimit = 60 * 86_400;

    public static void MapSandboxClock(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/sandbox/clock", ReadAsync).RequireMerchant(Scopes.Sandbox, testOnly: true)
            .Describe("getSandboxClock", "Read the time of your sandbox")
            .Answers<ClockAnswer>();
        app.MapPost("/v1/sandbox/clock/advance", AdvanceAsync).RequireMerchant(Scopes.Sandbox, testOnly: true)
            .Describe("advanceSandboxClock", "Move the time of your sandbox")
            .Takes<AdvanceRequest>("seconds")
            .Answers<AdvanceAnswer>();
    }

    private static async Task<IResult> ReadAsync(
        MerchantIdentity merchant, MerchantDirectory merchants, TimeProvider clock, CancellationToken cancellation)
    {
        // What is held may be some seconds old, and this is asked to see what a move has done.
        merchants.Forget(merchant.MerchantId, merchant.Environment);
        var offset = (await merchants.GetAsync(merchant.MerchantId, merchant.Environment, cancellation)).ClockOffset;
        return Results.Json(
            new ClockAnswer(clock.Now() + offset, (long)offset.TotalSeconds), SandboxJson.Default.ClockAnswer);
    }

    private static async Task AdvanceAsync(
        HttpContext http,
        MerchantIdentity merchant,
        RailCatalog rails,
        SimulatorChain chain,
        StoredAnswers answers,
        AuditTrail audit,
        MerchantDirectory merchants,
        Signal<RailScanner> scanner,
        Signal<OutboxRelay> relay,
        CancellationToken cancellation)
    {
        var name = SandboxRoutes.ChainOf(SimulatorRail.Name, merchant, rails);
        var body = await JsonBody.ReadAsync(http, SandboxJson.Default.AdvanceRequest, cancellation);
        var seconds = SandboxRoutes.InRange(
            body.Value.Seconds ?? throw SandboxRoutes.Invalid("/seconds", "required", "This field is required."),
            "seconds",
            SecondsLimit);
        await answers.AnswerAsync(http, merchant, body.Bytes, SandboxJson.Default.AdvanceAnswer, async store =>
        {
            var advanced = await chain.AdvanceAsync(
                name, TimeSpan.FromSeconds(seconds), cancellation,
                (batch, head, offset) =>
                {
                    store(batch, new AdvanceAnswer(head.Time, (long)offset.TotalSeconds, BlockJson.Of(head)));
                    audit.Enqueue(
                        batch, http, merchant, "sandbox.clock_advanced", SimulatorRail.Name,
                        new JsonObject { ["seconds"] = seconds });
                });
            if (advanced is null)
                throw SandboxRoutes.Invalid("/seconds", "out_of_range", "The clock is a hundred years ahead already.");
        }, cancellation);
        merchants.Forget(merchant.MerchantId, merchant.Environment);
        scanner.Set();
        relay.Set();
    }
}
