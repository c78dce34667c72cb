using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Microsoft.OpenApi;

namespace Kobbopay.Payments.Sandbox;

/// <param name="Depth">Blocks to replace, 1 to 100 and no more than the chain has.</param>
/// <param name="Drop">
/// Which of their transactions are gone for good: all (<c>true</c>), none (<c>false</c>), or a list of hashes. The
/// others are mined again, in other blocks.
/// </param>
public sealed record ReorgRequest(int? Depth, DropChoice? Drop);

/// <summary><c>true</c>, <c>false</c>, or an array of transaction hashes.</summary>
[JsonConverter(typeof(Converter))]
[SchemaType(JsonSchemaType.Boolean | JsonSchemaType.Array)]
public sealed record DropChoice(bool All, IReadOnlyList<string> TxHashes)
{
    public sealed class Converter : JsonConverter<DropChoice>
    {
        public override DropChoice Read(
            ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
            {
                JsonTokenType.True => new DropChoice(All: true, []),
                JsonTokenType.False => new DropChoice(All: false, []),
                JsonTokenType.StartArray => new DropChoice(All: false, ReadHashes(ref reader)),
                _ => throw new JsonException(),
            };

        public override void Write(Utf8JsonWriter writer, DropChoice value, JsonSerializerOptions options) =>
            throw new NotSupportedException("It is only read");

        private static List<string> ReadHashes(ref Utf8JsonReader reader)
        {
            var hashes = new List<string>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                hashes.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException());
            return hashes;
        }
    }
}

public sealed record ReorgAnswer(string Network, int Depth, BlockJson Head);

/// <summary>
/// <c>POST /v1/sandbox/networks/{network}/reorg</c>: the newest blocks of the caller's own chain give way to others.
/// </summary>
public static class ReorganizeChain
{
    /// <summary>Transactions dropped by name at most.</summary>
    private const int DropLimit = 100;

    public static void MapReorganizeChain(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/sandbox/networks/{network}/reorg", HandleAsync)
            .RequireMerchant(Scopes.Sandbox, testOnly: true)
            .Describe("reorganizeSandboxChain", "Replace the newest blocks of your sandbox chain")
            .Takes<ReorgRequest>("depth")
            .Answers<ReorgAnswer>();

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
        var body = await JsonBody.ReadAsync(http, SandboxJson.Default.ReorgRequest, cancellation);
        var depth = SandboxRoutes.InRange(
            body.Value.Depth ?? throw SandboxRoutes.Invalid("/depth", "required", "This field is required."),
            "depth",
            SimulatorChain.ReorgLimit);
        var drop = body.Value.Drop ?? new DropChoice(All: false, []);
        if (drop.TxHashes.Count > DropLimit)
            throw SandboxRoutes.Invalid("/drop", "too_many", $"Must name {DropLimit} transactions at most.");

        await answers.AnswerAsync(http, merchant, body.Bytes, SandboxJson.Default.ReorgAnswer, async store =>
        {
            var refusal = await chain.ReorgAsync(
                name, depth, new DroppedTransactions(drop.All, drop.TxHashes), cancellation,
                (batch, head) =>
                {
                    store(batch, new ReorgAnswer(network, depth, BlockJson.Of(head)));
                    audit.Enqueue(
                        batch, http, merchant, "sandbox.reorganized", network, new JsonObject { ["depth"] = depth });
                });
            if (refusal is not null)
                throw ProblemOf(refusal, drop);
        }, cancellation);
        scanner.Set();
    }

    private static ProblemException ProblemOf(ReorgRefusal refusal, DropChoice drop) => refusal.TooDeep
        ? SandboxRoutes.Invalid("/depth", "out_of_range", "The chain has fewer blocks than that.")
        : SandboxRoutes.Invalid(
            $"/drop/{drop.TxHashes.ToList().IndexOf(refusal.NotReplaced!)}",
            "not_found",
            "This transaction is in none of the blocks that would be replaced.");
}
