using System.Text.Json.Nodes;
using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.Payments.Sandbox;

/// <param name="Mode"><c>ok</c>, <c>delay</c> or <c>fail</c>.</param>
/// <param name="Seconds">How long, by the real clock; not with <c>ok</c>.</param>
public sealed record ProviderRequest(string? Mode, int? Seconds);

/// <param name="Until">When it is <c>ok</c> again by itself.</param>
/// <param name="Head">The chain's newest block, whether or not the provider shows it.</param>
public sealed record ProviderAnswer(string Network, string Mode, DateTimeOffset? Until, BlockJson? Head);

/// <summary>
/// <c>POST /v1/sandbox/networks/{network}/provider</c>: for a while, what watches the caller's own chain fails or falls
/// behind, and its payments say that detection is delayed.
/// </summary>
public static class SetProvider
{
    /// <summary>A day.</summary>
    private const int SecondsLimit = 86_400;

    public static void MapSetProvider(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/sandbox/networks/{network}/provider", HandleAsync)
            .RequireMerchant(Scopes.Sandbox, testOnly: true)
            .Describe("setSandboxProvider", "Let what watches your sandbox chain fail or fall behind")
            .Takes<ProviderRequest>("mode")
            .Answers<ProviderAnswer>();

    private static async Task HandleAsync(
        HttpContext http,
        string network,
        MerchantIdentity merchant,
        RailCatalog rails,
        SimulatorChain chain,
        StoredAnswers answers,
        AuditTrail audit,
        Signal<RailScanner> scanner,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var name = SandboxRoutes.ChainOf(network, merchant, rails);
        var body = await JsonBody.ReadAsync(http, SandboxJson.Default.ProviderRequest, cancellation);
        var mode = ModeOf(body.Value);
        DateTimeOffset? until = mode == ProviderMode.Ok ? null : clock.Now() + SecondsOf(body.Value);
        await answers.AnswerAsync(
            http,
            merchant,
            body.Bytes,
            SandboxJson.Default.ProviderAnswer,
            store => chain.SetProviderAsync(
                name, mode, until, cancellation,
                (batch, head) =>
                {
                    var what = SimulatorChain.NameOf(mode);
                    store(batch, new ProviderAnswer(network, what, until, BlockJson.OfOrNull(head)));
                    audit.Enqueue(
                        batch, http, merchant, "sandbox.provider_set", network, new JsonObject { ["mode"] = what });
                }),
            cancellation);
        scanner.Set();
    }

    private static ProviderMode ModeOf(ProviderRequest request) => request switch
    {
        { Mode: null } => throw SandboxRoutes.Invalid("/mode", "required", "This field is required."),
        { Mode: "ok", Seconds: not null } => throw SandboxRoutes.Invalid(
            "/seconds", "conflict", "A provider that is ok stays so."),
        { Mode: "ok" } => ProviderMode.Ok,
        { Mode: "delay" } => ProviderMode.Delay,
        { Mode: "fail" } => ProviderMode.Fail,
        _ => throw SandboxRoutes.Invalid("/mode", "unknown_value", "Must be ok, delay or fail."),
    };

    private static TimeSpan SecondsOf(ProviderRequest request) => TimeSpan.FromSeconds(SandboxRoutes.InRange(
        request.Seconds ?? throw SandboxRoutes.Invalid("/seconds", "required", "This field is required."),
        "seconds",
        SecondsLimit));
}
