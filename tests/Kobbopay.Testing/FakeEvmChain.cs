using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Kobbopay.Testing;

/// <summary>
/// A chain as a test builds it, for one or more <see cref="FakeEvmNode"/>s to show.
/// <code>
/// var chain = new FakeEvmChain();
/// var block = chain.AddBlock(FakeEvmTransaction.Token(contract, address, 25_000_000));
/// chain.Reorg(1);   // the same height, without the transfer
/// </code>
/// </summary>
/// <param name="name">Chains of other names have other hashes.</param>
public sealed class FakeEvmChain(long chainId = 31337, string name = "")
{
    private readonly Lock change = new();
    private readonly Dictionary<string, int> tokens = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(long Number, string Address, BigInteger Amount)> credits = [];
    private readonly List<FakeEvmBlock> blocks =
    [
        new(0, HashOf(name), "0x" + new string('0', 64), DateTimeOffset.UnixEpoch, []),
    ];

    private int forks;

    public long ChainId { get; } = chainId;

    /// <summary>All blocks from the first on, as they are now.</summary>
    public IReadOnlyList<FakeEvmBlock> Blocks
    {
        get
        {
            lock (change)
                return [.. blocks];
        }
    }

    public long Head => Blocks[^1].Number;

    /// <summary>Height of the newest final block.</summary>
    public long? Finalized { get; set; }

    /// <summary>The next block's; each block adds a second.</summary>
    public DateTimeOffset Time { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public FakeEvmBlock AddBlock(params IReadOnlyList<FakeEvmTransaction> transactions)
    {
        lock (change)
        {
            var parent = blocks[^1];
            var hash = HashOf(string.Create(
                CultureInfo.InvariantCulture,
                $"{parent.Hash} {forks} {Time:O} {string.Join(' ', transactions.Select(one => one.Hash))}"));
            var block = new FakeEvmBlock(parent.Number + 1, hash, parent.Hash, Time, transactions);
            blocks.Add(block);
            Time += TimeSpan.FromSeconds(1);
            return block;
        }
    }

    public void AddBlocks(int count)
    {
        for (var i = 0; i < count; i++)
            AddBlock();
    }

    /// <summary>Takes the newest blocks away and puts as many others in their place.</summary>
    /// <param name="instead">The transactions of the new blocks, from the lowest on; the rest are empty.</param>
    public void Reorg(int depth, params IReadOnlyList<IReadOnlyList<FakeEvmTransaction>> instead)
    {
        lock (change)
        {
            forks++;
            blocks.RemoveRange(blocks.Count - depth, depth);
            for (var i = 0; i < Math.Max(depth, instead.Count); i++)
                AddBlock(i < instead.Count ? instead[i] : []);
        }
    }

    /// <summary>Native currency that no transaction of a block shows: a contract has sent it.</summary>
    public void Credit(string address, BigInteger amount)
    {
        lock (change)
            credits.Add((blocks[^1].Number, address, amount));
    }

    /// <summary>A contract with code.</summary>
    public void AddToken(string contract, int decimals)
    {
        lock (change)
            tokens[contract] = decimals;
    }

    public static string HashOf(string text) =>
        "0x" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    internal int? DecimalsOf(string contract)
    {
        lock (change)
            return tokens.TryGetValue(contract, out var decimals) ? decimals : null;
    }

    internal BigInteger BalanceOf(string address, long number)
    {
        lock (change)
        {
            bool IsIts(string? other) => string.Equals(address, other, StringComparison.OrdinalIgnoreCase);
            var received = blocks.Where(block => block.Number <= number)
                .SelectMany(block => block.Transactions)
                .Where(transaction => transaction.Succeeds && IsIts(transaction.To))
                .Select(transaction => transaction.Value);
            var credited = credits.Where(credit => credit.Number <= number && IsIts(credit.Address))
                .Select(credit => credit.Amount);
            return received.Concat(credited).Aggregate(BigInteger.Zero, (sum, amount) => sum + amount);
        }
    }
}
