using System.Text.Json.Nodes;
using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.Payments.Sandbox;

/// <param name="Blocks">1 to 1,000; one when absent.</param>
public sealed record MineRequest(int? Blocks);

public sealed record MineAnswer(string Network, int Blocks, BlockJson Head);

/// <summary>
/// <c>POST /v1/sandbox/networks/{network}/mine</c>: more blocks on the caller's own chain, empty or not.
/// </summary>
public static class MineBlocks
{
    public static void MapMineBlocks(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/sandbox/networks/{network}/mine", HandleAsync).RequireMerchant(Scopes.Sandbox, testOnly: true)
            .Describe("mineSandboxBlocks", "Mine blocks on your sandbox chain")
            .MayTake<MineRequest>()
            .Answers<MineAnswer>();

    private static async Task HandleAsync(
        HttpContext http,
        string network,
        MerchantIdentity merchant,
        RailCatalog rails,
        SimulatorChain chain,
        StoredAnswers answers,
        AuditTrail audit,
        Signal<RailScanner> scanner,
        CancellationToken cancellation)
    {
        var name = SandboxRoutes.ChainOf(network, merchant, rails);
        var body = await JsonBody.ReadOrDefaultAsync(
            http, SandboxJson.Default.MineRequest, new MineRequest(null), cancellation);
        var blocks = SandboxRoutes.InRange(body.Value.Blocks ?? 1, "blocks", SimulatorChain.BlockLimit);
        await answers.AnswerAsync(
            http,
            merchant,
            body.Bytes,
            SandboxJson.Default.MineAnswer,
            store => chain.MineAsync(
                name, blocks, [], cancellation,
                (batch, head) =>
                {
                    store(batch, new MineAnswer(network, blocks, BlockJson.Of(head)));
                    audit.Enqueue(
                        batch, http, merchant, "sandbox.mined", network, new JsonObject { ["blocks"] = blocks });
                }),
            cancellation);
        scanner.Set();
    }
}
