using Kobbopay.Durability;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Sandbox;

/// <param name="Depth">Blocks to replace, 1 to 100 and no more than the chain has.</param>
/// <param name="Drop">
/// Whether their transfers are gone for good; otherwise they are mined again, in another block.
/// </param>
public sealed record ReorgRequest(int? Depth, bool? Drop);

public sealed record ReorgAnswer(string Network, int Depth, BlockJson Head);

/// <summary>
/// <c>POST /v1/sandbox/networks/{network}/reorg</c>: the newest blocks of the caller's own chain give way to others.
/// </summary>
public static class ReorganizeChain
{
    public static void MapReorganizeChain(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/sandbox/networks/{network}/reorg", HandleAsync)
            .RequireMerchant(Scopes.Sandbox, testOnly: true);

    private static async Task HandleAsync(
        HttpContext http,
        string network,
        MerchantIdentity merchant,
        RailCatalog rails,
        SimulatorChain chain,
        StoredAnswers answers,
        Signal<RailScanner> scanner,
        CancellationToken cancellation)
    {
        SandboxRoutes.RequireSimulator(network);
        var body = await JsonBody.ReadAsync(http, SandboxJson.Default.ReorgRequest, cancellation);
        var depth = SandboxRoutes.InRange(
            body.Value.Depth ?? throw SandboxRoutes.Invalid("/depth", "required", "This field is required."),
            "depth",
            SimulatorChain.ReorgLimit);
        var name = rails.Of(network).ChainOf(merchant.MerchantId, merchant.Environment);
        await answers.AnswerAsync(http, merchant, body.Bytes, SandboxJson.Default.ReorgAnswer, async store =>
        {
            var reorganized = await chain.ReorgAsync(
                name, depth, body.Value.Drop ?? false, cancellation,
                (batch, head) => store(batch, new ReorgAnswer(network, depth, BlockJson.Of(head))));
            if (!reorganized)
                throw SandboxRoutes.Invalid("/depth", "out_of_range", "The chain has fewer blocks than that.");
        }, cancellation);
        scanner.Set();
    }
}
