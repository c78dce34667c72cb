using System.Text.Json;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>The calls for ERC-20 transfers: <c>eth_getLogs</c>, whose limits are each provider's own.</summary>
internal sealed partial class EvmClient
{
    /// <summary>Recipients in one call.</summary>
    private const int TopicLimit = 500;

    /// <summary>Blocks in one call.</summary>
    private const int RangeLimit = 1_000;

    /// <summary>The code for the rest of a batch whose answers have become too long together (go-ethereum).</summary>
    private const int BatchTooLarge = -32003;

    private readonly PieceSize _range = new(RangeLimit);

    /// <summary>
    /// The ERC-20 transfers logged in the blocks of these heights, both included, in their order; to anybody where no
    /// <paramref name="recipients"/> are given. A provider that lacks a block leaves its logs out without a word: each
    /// log's block hash is the caller's to compare.
    /// </summary>
    public async Task<List<EvmLog>> TransfersAsync(
        long from, long to, IReadOnlyCollection<string>? recipients, CancellationToken cancellation)
    {
        var topics = TopicsOf(recipients);
        var transfers = new List<EvmLog>();
        await _range.WorkAsync(
            from,
            to,
            async (first, last) =>
            {
                var query = new LogQuery(
                    writer =>
                    {
                        writer.WriteString("fromBlock"u8, Quantity(first));
                        writer.WriteString("toBlock"u8, Quantity(last));
                    },
                    log => log.BlockNumber >= first && log.BlockNumber <= last);
                transfers.AddRange(await LogsAsync([query], topics, cancellation));
                return true;
            },
            IsTooMuch);
        return transfers;
    }

    /// <summary>The same for one block; a provider that does not have it fails.</summary>
    public Task<List<EvmLog>> TransfersAsync(
        string blockHash, IReadOnlyCollection<string>? recipients, CancellationToken cancellation) =>
        TransfersAsync([blockHash], recipients, cancellation);

    /// <summary>The same for several blocks, in as few requests as can be.</summary>
    public Task<List<EvmLog>> TransfersAsync(
        IReadOnlyList<string> blockHashes, IReadOnlyCollection<string>? recipients, CancellationToken cancellation) =>
        LogsAsync(
            [.. blockHashes.Select(hash => new LogQuery(
                writer => writer.WriteString("blockHash"u8, hash), log => log.BlockHash == hash))],
            TopicsOf(recipients),
            cancellation);

    /// <param name="topics">The recipients as topics, as many as one call takes, or null for any.</param>
    private async Task<List<EvmLog>> LogsAsync(
        LogQuery[] queries, List<string[]?> topics, CancellationToken cancellation)
    {
        var asked = (from query in queries from recipients in topics select (query, recipients)).ToList();
        var transfers = new List<EvmLog>();
        await _batch.WorkAsync(
            0,
            asked.Count - 1,
            async (first, last) =>
            {
                var piece = asked[(int)first..((int)last + 1)];
                var answers = await SendAsync(
                    piece.ConvertAll(call => Logs(call.query, call.recipients)),
                    (answer, i) => ReadTransfers(answer, piece[i].query),
                    cancellation);
                foreach (var logs in answers)
                    transfers.AddRange(logs);
                return true;
            },
            IsTooMuchTogether);
        return InOrder(transfers);
    }

    private static List<EvmLog> ReadTransfers(ReadOnlySpan<byte> answer, LogQuery query)
    {
        var transfers = TransferReader.Read(answer);
        return transfers.TrueForAll(log => query.IsAnswer(log))
            ? transfers
            : throw new FormatException("a log of another block");
    }

    /// <summary>An error of a call's own is about its blocks, but for the one that tells of the batch's size.</summary>
    private static bool IsTooMuchTogether(ProviderException refusal) =>
        refusal.RefusesBatch || refusal is { Kind: ProviderException.TooLarge } or { Code: BatchTooLarge };

    private List<EvmLog> InOrder(List<EvmLog> transfers)
    {
        var sorted = true;
        for (var i = 1; i < transfers.Count && sorted; i++)
            sorted = Compare(transfers[i - 1], transfers[i]) < 0;
        if (sorted)
            return transfers;

        transfers.Sort(Compare);
        for (var i = 1; i < transfers.Count; i++)
        {
            if (Compare(transfers[i - 1], transfers[i]) == 0)
                throw _connection.Failures.Of(ProviderException.Malformed, "a log that comes twice");
        }

        return transfers;
    }

    /// <summary>Some networks count the logs of each transaction for itself.</summary>
    private static int Compare(EvmLog one, EvmLog other)
    {
        var difference = one.BlockNumber.CompareTo(other.BlockNumber);
        if (difference == 0)
            difference = one.TxIndex.CompareTo(other.TxIndex);
        return difference != 0 ? difference : one.LogIndex.CompareTo(other.LogIndex);
    }

    private static List<string[]?> TopicsOf(IReadOnlyCollection<string>? recipients) => recipients is null
        ? [null]
        : [.. recipients.Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(address => string.Concat("0x000000000000000000000000", address.AsSpan(2)))
            .Chunk(TopicLimit)];

    private static RpcCall Logs(LogQuery query, string[]? recipients) => new(
        "eth_getLogs",
        writer =>
        {
            writer.WriteStartObject();
            query.WriteBlocks(writer);
            writer.WriteStartArray("topics"u8);
            writer.WriteStringValue(TransferReader.Topic);
            if (recipients is not null)
            {
                writer.WriteNullValue();
                writer.WriteStartArray();
                foreach (var recipient in recipients)
                    writer.WriteStringValue(recipient);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });

    /// <param name="WriteBlocks">Writes the fields of the filter that name the blocks.</param>
    /// <param name="IsAnswer">Whether a log is of these blocks.</param>
    private sealed record LogQuery(Action<Utf8JsonWriter> WriteBlocks, Func<EvmLog, bool> IsAnswer);
}
