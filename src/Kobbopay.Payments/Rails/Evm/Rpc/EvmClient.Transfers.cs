using System.Text.Json;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>The calls for ERC-20 transfers: <c>eth_getLogs</c>, whose limits are each provider's own.</summary>
internal sealed partial class EvmClient
{
    /// <summary>Recipients in one call.</summary>
    private const int TopicLimit = 500;

    /// <summary>Blocks in one call.</summary>
    private const int RangeLimit = 1_000;

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
                var logs = await LogsAsync(
                    topics,
                    writer =>
                    {
                        writer.WriteString("fromBlock"u8, Quantity(first));
                        writer.WriteString("toBlock"u8, Quantity(last));
                    },
                    log => log.BlockNumber >= first && log.BlockNumber <= last,
                    cancellation);
                transfers.AddRange(logs);
                return true;
            },
            IsTooMuch);
        return transfers;
    }

    /// <summary>The same for one block; a provider that does not have it fails.</summary>
    public Task<List<EvmLog>> TransfersAsync(
        string blockHash, IReadOnlyCollection<string>? recipients, CancellationToken cancellation) =>
        LogsAsync(
            TopicsOf(recipients),
            writer => writer.WriteString("blockHash"u8, blockHash),
            log => log.BlockHash == blockHash,
            cancellation);

    /// <param name="topics">For each call the recipients as topics, or null for any.</param>
    private async Task<List<EvmLog>> LogsAsync(
        List<string[]?> topics,
        Action<Utf8JsonWriter> writeBlocks,
        Func<EvmLog, bool> isAskedFor,
        CancellationToken cancellation)
    {
        var transfers = new List<EvmLog>();
        await _batch.WorkAsync(
            0,
            topics.Count - 1,
            async (first, last) =>
            {
                var calls = topics.Skip((int)first).Take((int)(last - first + 1))
                    .Select(recipients => Logs(writeBlocks, recipients)).ToList();
                foreach (var logs in await SendAsync(calls, (answer, _) => TransferReader.Read(answer), cancellation))
                    transfers.AddRange(logs);
                return true;
            },
            // An error of a call's own is about its blocks.
            refusal => refusal.RefusesBatch);
        if (!transfers.TrueForAll(log => isAskedFor(log)))
            throw _connection.Failures.Of(ProviderException.Malformed, "a log of another block");
        return InOrder(transfers);
    }

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

    private static RpcCall Logs(Action<Utf8JsonWriter> writeBlocks, string[]? recipients) => new(
        "eth_getLogs",
        writer =>
        {
            writer.WriteStartObject();
            writeBlocks(writer);
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
}
