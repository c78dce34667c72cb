using System.Numerics;

namespace Kobbopay.LocalServers.Evm;

/// <summary>
/// What a fresh anvil node needs to be the network <c>dev-evm</c>: USDT and USDC at addresses that are known before
/// they are there, and a payer who owns all of both, and coins.
/// </summary>
public static class DevChain
{
    public const string Usdt = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    public const string Usdc = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";

    /// <summary>Of both tokens.</summary>
    public const int Decimals = 6;

    // A contract's address comes of its deployer's and of the count of the transactions that this one had sent before.
    private const string Deployer = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

    // In the tokens' unit.
    private static readonly BigInteger Supply = BigInteger.Pow(10, 12);
    private static readonly BigInteger OneCoin = BigInteger.Pow(10, 18);

    /// <summary>The payer: the first of the accounts that the node has unlocked and funded.</summary>
    public static async Task<string> PayerOfAsync(EvmNode node, CancellationToken cancellationToken) =>
        (await node.CallAsync("eth_accounts", [], cancellationToken))[0].GetString()!;

    /// <summary>Deploys what is not there yet; a second time it does nothing.</summary>
    public static async Task PrepareAsync(EvmNode node, CancellationToken cancellationToken)
    {
        if (await HasCodeAsync(node, Usdt, cancellationToken) && await HasCodeAsync(node, Usdc, cancellationToken))
            return;
        // The deployer is the first address that the demo merchant's key derives. It has coins for this moment alone:
        // to the payment that gets the address they would look like a payer's.
        await node.CallAsync("anvil_setBalance", [Deployer, Abi.Quantity(OneCoin)], cancellationToken);
        await node.CallAsync("anvil_impersonateAccount", [Deployer], cancellationToken);
        var payer = await PayerOfAsync(node, cancellationToken);
        await DeployAsync(node, Usdt, "Tether USD", "USDT", payer, cancellationToken);
        await DeployAsync(node, Usdc, "USD Coin", "USDC", payer, cancellationToken);
        await node.CallAsync("anvil_stopImpersonatingAccount", [Deployer], cancellationToken);
        await node.CallAsync("anvil_setBalance", [Deployer, "0x0"], cancellationToken);
    }

    /// <summary>What deploys a token, <c>TestToken</c> or <c>FeeToken</c>, of which all is the owner's.</summary>
    public static string Creation(string contract, string name, string symbol, int decimals, string owner) =>
        EvmContracts.Creation(
            contract,
            Abi.Text(name),
            Abi.Text(symbol),
            Abi.Number(decimals),
            Abi.Number(Supply * BigInteger.Pow(10, decimals)),
            Abi.Address(owner));

    private static async Task DeployAsync(
        EvmNode node, string expected, string name, string symbol, string payer, CancellationToken cancellationToken)
    {
        if (await HasCodeAsync(node, expected, cancellationToken))
            return;
        var creation = Creation("TestToken", name, symbol, Decimals, payer);
        await SendAsync(node, new EvmTransaction(Deployer) { Data = creation }, cancellationToken);
        if (!await HasCodeAsync(node, expected, cancellationToken))
        {
            throw new EvmNodeException(
                $"{symbol} is not at {expected}: {Deployer} has sent other transactions on this chain before");
        }
    }

    // A node that mines by the clock is not waited for.
    private static async Task SendAsync(EvmNode node, EvmTransaction transaction, CancellationToken cancellationToken)
    {
        var hash = await node.SendAsync(transaction, cancellationToken);
        if (await node.ReadReceiptAsync(hash, cancellationToken) is null)
            await node.CallAsync("anvil_mine", ["0x1"], cancellationToken);
        if (!(await node.WaitForReceiptAsync(hash, cancellationToken)).Succeeded)
            throw new EvmNodeException($"{hash} failed while the chain was prepared");
    }

    private static async Task<bool> HasCodeAsync(EvmNode node, string address, CancellationToken cancellationToken) =>
        (await node.CallAsync("eth_getCode", [address, "latest"], cancellationToken)).GetString()!.Length > 2;
}
