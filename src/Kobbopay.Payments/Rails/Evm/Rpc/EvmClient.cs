using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>
/// Typed calls to one provider. Every failure is a <see cref="ProviderException"/>; nothing that a provider says is
/// believed further than it can be checked in its own answer.
/// </summary>
internal sealed partial class EvmClient(int number, Uri url, TimeProvider clock) : IDisposable
{
    /// <summary>Calls in one request.</summary>
    private const int CallLimit = 50;

    private readonly RpcConnection _connection = new(number, url, clock);
    private readonly PieceSize _batch = new(CallLimit);

    /// <summary>The place in the configuration, from 1.</summary>
    public int Number { get; } = number;

    public string Host { get; } = url.Host;

    public Task<long> ChainIdAsync(CancellationToken cancellation) =>
        OneAsync(new RpcCall("eth_chainId", _ => { }), answer => HexText.Long(Text(answer)), cancellation);

    /// <summary>The newest block, without transactions.</summary>
    public async Task<EvmBlock> LatestAsync(CancellationToken cancellation) =>
        await OneAsync(Block("latest", false), answer => BlockReader.Read(answer, false), cancellation)
        ?? throw _connection.Failures.Of(ProviderException.Malformed, "no newest block");

    /// <summary>Height of the newest final block; null where the provider knows of none.</summary>
    public async Task<long?> FinalizedAsync(CancellationToken cancellation)
    {
        try
        {
            var block = await OneAsync(
                Block("finalized", false), answer => BlockReader.Read(answer, false), cancellation);
            return block?.Number;
        }
        catch (ProviderException unknown) when (unknown.Kind == ProviderException.RpcError)
        {
            // Each provider has its own code for a tag that it does not know, or knows and has no block for.
            return null;
        }
    }

    /// <summary>
    /// The blocks of these heights, both included; the list stops before the first that the provider does not have.
    /// Whether each is the parent of the next is the caller's to check.
    /// </summary>
    public async Task<List<EvmBlock>> BlocksAsync(
        long from, long to, bool withTransactions, CancellationToken cancellation)
    {
        var blocks = new List<EvmBlock>();
        await _batch.WorkAsync(
            from,
            to,
            async (first, last) =>
            {
                var calls = Enumerable.Range(0, (int)(last - first + 1))
                    .Select(i => Block(Quantity(first + i), withTransactions)).ToList();
                var answers = await SendAsync(
                    calls, (answer, i) => ReadBlock(answer, first + i, withTransactions), cancellation);
                blocks.AddRange(answers.TakeWhile(block => block is not null)!);
                return !answers.Contains(null);
            },
            IsTooMuch);
        return blocks;
    }

    /// <summary>Which of these transactions, all of them in blocks, have succeeded.</summary>
    public async Task<HashSet<string>> SucceededAsync(
        IReadOnlyCollection<string> txHashes, CancellationToken cancellation)
    {
        var hashes = txHashes.Distinct(StringComparer.Ordinal).ToList();
        var succeeded = new HashSet<string>(StringComparer.Ordinal);
        await _batch.WorkAsync(
            0,
            hashes.Count - 1,
            async (first, last) =>
            {
                var asked = hashes[(int)first..((int)last + 1)];
                var answers = await SendAsync(
                    [.. asked.Select(hash => new RpcCall("eth_getTransactionReceipt", w => w.WriteStringValue(hash)))],
                    (answer, i) => BlockReader.ReadSuccess(answer, asked[i]),
                    cancellation);
                succeeded.UnionWith(asked.Where((_, i) => answers[i]));
                return true;
            },
            IsTooMuch);
        return succeeded;
    }

    /// <summary>An address's native currency after a block.</summary>
    public Task<BigInteger> BalanceAsync(string address, long blockNumber, CancellationToken cancellation) =>
        OneAsync(
            new RpcCall("eth_getBalance", writer =>
            {
                writer.WriteStringValue(address);
                writer.WriteStringValue(Quantity(blockNumber));
            }),
            answer => HexText.Big(Text(answer)),
            cancellation);

    public Task<bool> CodeExistsAsync(string address, CancellationToken cancellation) => OneAsync(
        new RpcCall("eth_getCode", writer =>
        {
            writer.WriteStringValue(address);
            writer.WriteStringValue("latest"u8);
        }),
        answer => Text(answer) is var code && code.StartsWith("0x"u8)
            ? code.Length > 2
            : throw new FormatException("code that is none"),
        cancellation);

    /// <summary>What a token says of its own decimals; null where it says nothing of use.</summary>
    public async Task<int?> DecimalsAsync(string contract, CancellationToken cancellation)
    {
        try
        {
            return await OneAsync(
                new RpcCall("eth_call", writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("to"u8, contract);
                    // The first four bytes of the Keccak-256 of "decimals()".
                    writer.WriteString("data"u8, "0x313ce567"u8);
                    writer.WriteEndObject();
                    writer.WriteStringValue("latest"u8);
                }),
                answer => DecimalsIn(Text(answer)),
                cancellation);
        }
        catch (ProviderException reverted) when (reverted.Kind == ProviderException.RpcError)
        {
            return null;
        }
    }

    public void Dispose() => _connection.Dispose();

    private static int? DecimalsIn(ReadOnlySpan<byte> word) =>
        HexText.Is(word, HexText.WordDigits) && HexText.Big(word) is var decimals && decimals <= byte.MaxValue
            ? (int)decimals
            : null;

    private static EvmBlock? ReadBlock(ReadOnlySpan<byte> answer, long number, bool withTransactions)
    {
        var block = BlockReader.Read(answer, withTransactions);
        return block is null || block.Number == number
            ? block
            : throw new FormatException("a block of another height");
    }

    private static RpcCall Block(string tag, bool withTransactions) => new("eth_getBlockByNumber", writer =>
    {
        writer.WriteStringValue(tag);
        writer.WriteBooleanValue(withTransactions);
    });

    private static string Quantity(long value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");

    private static bool IsTooMuch(ProviderException refusal) =>
        refusal.Kind is ProviderException.RpcError or ProviderException.TooLarge;

    /// <summary>A result that is a text.</summary>
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> answer) =>
        answer is [(byte)'"', .. var text, (byte)'"'] ? text : throw new FormatException("no text");

    private async Task<T> OneAsync<T>(
        RpcCall call, Func<ReadOnlySpan<byte>, T> decode, CancellationToken cancellation) =>
        (await SendAsync([call], (answer, _) => decode(answer), cancellation))[0];

    /// <summary>Makes the calls in one request and decodes all results, or fails.</summary>
    private async Task<List<T>> SendAsync<T>(
        List<RpcCall> calls, Func<ReadOnlySpan<byte>, int, T> decode, CancellationToken cancellation)
    {
        using var answers = await _connection.SendAsync(calls, cancellation);
        var decoded = new List<T>(calls.Count);
        for (var i = 0; i < calls.Count; i++)
        {
            if (answers.ErrorOf(i) is { } error)
                throw _connection.Failures.Of(error);
            try
            {
                decoded.Add(decode(answers.ResultOf(i), i));
            }
            catch (Exception wrong) when (wrong is FormatException or JsonException or InvalidOperationException)
            {
                throw _connection.Failures.Malformed(wrong);
            }
        }

        return decoded;
    }
}
