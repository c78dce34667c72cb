using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;

namespace Kobbopay.Testing;

/// <summary>The methods of a <see cref="FakeEvmNode"/>, as its troubles let it answer them.</summary>
internal sealed class FakeEvmMethods(FakeEvmChain chain, FakeEvmTrouble trouble)
{
    public static JsonNode Error(JsonNode? id, int code, string message) => new JsonObject
    {
        ["jsonrpc"] = "2.0",
        ["id"] = id?.DeepClone(),
        ["error"] = new JsonObject { ["code"] = code, ["message"] = message },
    };

    public JsonNode Answer(JsonNode call)
    {
        var (method, parameters) = ((string)call["method"]!, call["params"]!.AsArray());
        if (trouble.Errors.TryGetValue(method, out var error))
            return Error(call["id"], error.Code, error.Message);
        try
        {
            // Results may come before the id.
            return new JsonObject
            {
                ["jsonrpc"] = "2.0",
                ["result"] = Result(method, parameters),
                ["id"] = call["id"]!.DeepClone(),
            };
        }
        catch (RefusedException refused)
        {
            return Error(call["id"], refused.Code, refused.Message);
        }
    }

    private JsonNode? Result(string method, JsonArray parameters) => method switch
    {
        "eth_chainId" => Hex(trouble.ChainId ?? chain.ChainId),
        "eth_getBlockByNumber" => BlockOf((string)parameters[0]!, (bool)parameters[1]!),
        "eth_getLogs" => Logs(parameters[0]!),
        "eth_getTransactionReceipt" => Receipt((string)parameters[0]!),
        "eth_getBalance" => Hex(chain.BalanceOf((string)parameters[0]!, Number((string)parameters[1]!))),
        "eth_getCode" => chain.DecimalsOf((string)parameters[0]!) is null ? "0x" : "0x60806040",
        "eth_call" => chain.DecimalsOf((string)parameters[0]!["to"]!) is { } decimals
            ? FakeEvmLog.Word(decimals)
            : "0x",
        _ => throw new RefusedException(-32601, $"the method {method} does not exist"),
    };

    /// <summary>The blocks that this node has, with its own hashes.</summary>
    private List<FakeEvmBlock> Blocks()
    {
        var blocks = chain.Blocks;
        return [.. blocks.Take(Math.Max(1, blocks.Count - trouble.Lag)).Select(block => block with
        {
            Hash = HashOf(block.Number, block.Hash),
            ParentHash = HashOf(block.Number - 1, block.ParentHash),
        })];
    }

    private string HashOf(long number, string hash) =>
        number >= trouble.DisagreesFrom ? FakeEvmChain.HashOf($"{hash} {trouble.DisagreesFrom}") : hash;

    private JsonObject? BlockOf(string tag, bool withTransactions)
    {
        var blocks = Blocks();
        var number = tag switch
        {
            "latest" => blocks[^1].Number,
            "finalized" => !trouble.KnowsFinalized
                ? throw new RefusedException(-32602, "invalid block tag finalized")
                : chain.Finalized ?? throw new RefusedException(-39001, "Unknown block"),
            _ => Number(tag),
        };
        if (blocks.Find(block => block.Number == number) is not { } found)
            return null;
        var shown = tag == "latest" ? number + trouble.Boast : number;
        return new JsonObject
        {
            ["baseFeePerGas"] = "0x7",
            ["hash"] = found.Hash,
            ["number"] = Hex(shown),
            ["parentHash"] = found.ParentHash,
            ["timestamp"] = Hex(found.Time.ToUnixTimeSeconds()),
            ["transactions"] = new JsonArray([.. found.Transactions.Select((transaction, i) =>
                withTransactions ? Transaction(found, transaction, i) : (JsonNode)transaction.Hash)]),
            ["uncles"] = new JsonArray(),
            ["withdrawals"] = new JsonArray(new JsonObject { ["amount"] = "0x1", ["address"] = null }),
        };
    }

    private static JsonObject Transaction(FakeEvmBlock block, FakeEvmTransaction transaction, int index) => new()
    {
        ["accessList"] = new JsonArray(),
        ["blockHash"] = block.Hash,
        ["blockNumber"] = Hex(block.Number),
        ["hash"] = transaction.Hash,
        ["to"] = transaction.To,
        ["transactionIndex"] = Hex(index),
        ["value"] = Hex(transaction.Value),
    };

    private JsonArray Logs(JsonNode filter)
    {
        var blocks = Blocks();
        blocks.RemoveRange(blocks.Count - trouble.LogLag, trouble.LogLag);
        if ((string?)filter["blockHash"] is { } hash)
        {
            blocks.RemoveAll(block => block.Hash != hash);
            if (blocks.Count == 0)
                throw new RefusedException(-32000, "unknown block");
        }
        else
        {
            var (from, to) = (Number((string)filter["fromBlock"]!), Number((string)filter["toBlock"]!));
            if (to - from + 1 > trouble.RangeLimit)
                throw new RefusedException(-32602, $"block range is limited to {trouble.RangeLimit}");
            blocks.RemoveAll(block => block.Number < from || block.Number > to);
        }

        var topics = filter["topics"]!.AsArray();
        var logs = blocks.SelectMany(block => LogsOf(block, topics)).ToArray();
        if (trouble.ReversedLogs)
            Array.Reverse(logs);
        if (trouble.RepeatedLogs)
            logs = [.. logs, .. logs.Select(log => log.DeepClone())];
        return logs.Length > trouble.LogLimit
            ? throw new RefusedException(-32005, $"query returned more than {trouble.LogLimit} results")
            : new JsonArray(logs);
    }

    private IEnumerable<JsonNode> LogsOf(FakeEvmBlock block, JsonArray topics)
    {
        var logIndex = 0;
        foreach (var (txIndex, transaction) in block.Transactions.Index())
        {
            if (trouble.LogIndexByTransaction)
                logIndex = 0;
            foreach (var log in transaction.Logs)
            {
                if (Matches(log, topics))
                    yield return Log(block, transaction, log, txIndex, logIndex);
                logIndex++;
            }
        }
    }

    private JsonObject Log(
        FakeEvmBlock block, FakeEvmTransaction transaction, FakeEvmLog log, int txIndex, int logIndex) => new()
        {
            ["address"] = log.Contract,
            ["blockHash"] = trouble.OtherBlocksLogs ? FakeEvmChain.HashOf(block.Hash) : block.Hash,
            ["blockNumber"] = Hex(trouble.OtherBlocksLogs ? block.Number + 100_000 : block.Number),
            ["blockTimestamp"] = Hex(block.Time.ToUnixTimeSeconds()),
            ["data"] = log.Data,
            ["logIndex"] = Hex(logIndex),
            ["removed"] = trouble.RemovedLogs,
            ["topics"] = new JsonArray([.. log.Topics.Select(topic => (JsonNode)topic)]),
            ["transactionHash"] = transaction.Hash,
            ["transactionIndex"] = Hex(txIndex),
        };

    private static bool Matches(FakeEvmLog log, JsonArray topics) => topics.Index().All(wanted => wanted.Item switch
    {
        null => true,
        _ when log.Topics.Count <= wanted.Index => false,
        JsonArray several => several.Any(one => (string)one! == log.Topics[wanted.Index]),
        var one => (string)one! == log.Topics[wanted.Index],
    });

    private JsonObject? Receipt(string hash)
    {
        var found = Blocks().SelectMany(block => block.Transactions).FirstOrDefault(one => one.Hash == hash);
        return found is null || trouble.NoReceipts ? null : new JsonObject
        {
            ["logs"] = new JsonArray(),
            ["status"] = found.Succeeds ? "0x1" : "0x0",
            ["transactionHash"] = found.Hash,
        };
    }

    private static long Number(string hex) =>
        long.Parse(hex.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static string Hex(BigInteger value) =>
        "0x" + (value.IsZero ? "0" : value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0'));

    public sealed class RefusedException(int code, string message) : Exception(message)
    {
        public int Code { get; } = code;
    }
}
