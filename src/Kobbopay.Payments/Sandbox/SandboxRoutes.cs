using System.Text.Json.Serialization;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Sandbox;

/// <summary>The routes that drive the simulator (contracts.md, section 7): for test keys only.</summary>
public static class SandboxRoutes
{
    public static void MapSandbox(this IEndpointRouteBuilder app)
    {
        app.MapPayPayment();
        app.MapMineBlocks();
        app.MapReorganizeChain();
        app.MapSetProvider();
        app.MapSandboxClock();
        app.MapReadChain();
    }

    /// <summary>The caller's own chain on the network.</summary>
    /// <exception cref="ProblemException">
    /// <c>not_found</c>: no such network, or one that is not ours to move.
    /// </exception>
    internal static string ChainOf(string network, MerchantIdentity merchant, RailCatalog rails) =>
        network == SimulatorRail.Name
            ? rails.Of(network).ChainOf(merchant.MerchantId, merchant.Environment)
            : throw new ProblemException(
                ProblemCodes.NotFound, $"There is no such sandbox network; the one there is: {SimulatorRail.Name}.");

    /// <exception cref="ProblemException"><c>invalid_request</c> when the number is out of its range.</exception>
    internal static int InRange(int value, string field, int limit) => value >= 1 && value <= limit
        ? value
        : throw Invalid($"/{field}", "out_of_range", $"Must be 1 to {limit}.");

    internal static ProblemException Invalid(string pointer, string code, string message) =>
        new(ProblemCodes.InvalidRequest, $"{pointer}: {message}", [new InvalidField(pointer, code, message)]);
}

/// <param name="Number">Height, from 0.</param>
public sealed record BlockJson(long Number, string Hash, DateTimeOffset Time)
{
    internal static BlockJson Of(SimulatorHead head) => new(head.Number, head.Hash, head.Time);

    internal static BlockJson? OfOrNull(SimulatorHead head) => head.Number < 0 ? null : Of(head);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    Converters = [typeof(MillisecondTime)])]
[JsonSerializable(typeof(PayRequest))]
[JsonSerializable(typeof(PayAnswer))]
[JsonSerializable(typeof(MineRequest))]
[JsonSerializable(typeof(MineAnswer))]
[JsonSerializable(typeof(ReorgRequest))]
[JsonSerializable(typeof(ReorgAnswer))]
[JsonSerializable(typeof(ProviderRequest))]
[JsonSerializable(typeof(ProviderAnswer))]
[JsonSerializable(typeof(AdvanceRequest))]
[JsonSerializable(typeof(AdvanceAnswer))]
[JsonSerializable(typeof(ClockAnswer))]
[JsonSerializable(typeof(Page<SandboxBlockJson>), TypeInfoPropertyName = "BlockPage")]
[JsonSerializable(typeof(Page<SandboxTransferJson>), TypeInfoPropertyName = "TransferPage")]
public sealed partial class SandboxJson : JsonSerializerContext;
