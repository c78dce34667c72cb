using System.Numerics;
using Kobbopay.LocalServers.Evm;
using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails.Evm;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>Payments on a real node: every kind of money, every kind of amount.</summary>
public sealed class EvmPaymentTests : IAsyncLifetime
{
    /// <summary>A contract that refuses everything.</summary>
    private const string Refuse = "0x60006000fd";

    private static readonly BigInteger Coin = BigInteger.Pow(10, 18);

    private EvmChain _chain = null!;
    private EvmWorld _world = null!;

    public async ValueTask InitializeAsync()
    {
        _chain = await EvmChain.StartAsync();
        _world = await EvmWorld.CreateAsync([_chain.Url]);
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _chain.DisposeAsync();
    }

    [Fact]
    public async Task A_token_payment_is_paid_when_it_is_seen_and_confirmed_when_it_is_deep_enough()
    {
        var payment = await _world.CreatePaymentAsync();
        var details = payment.Details;
        (details.DepositAddress, details.AddressPath, details.Contract).Should().Be(
            ("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0/0", EvmChain.Usdt));
        details.PaymentUri.Should().Be(
            $"ethereum:{EvmChain.Usdt}@31337/transfer?address={details.DepositAddress}&uint256=10500000");

        var receipt = await _chain.TransferAsync(EvmChain.Usdt, details.DepositAddress, 10_500_000);
        await _world.ScanAsync();
        var paid = (await _world.ReadAsync(payment)).State;
        (paid.Status, paid.Confirmations, paid.Received).Should().Be((PaymentStatus.Paid, 1, 10_500_000));
        var transfer = paid.Transfers.Should().ContainSingle().Subject;
        (transfer.TxHash, transfer.BlockHash, transfer.BlockNumber).Should().Be(
            (receipt.TransactionHash, receipt.BlockHash, receipt.BlockNumber));

        await _chain.MineAsync();
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
    }

    [Fact]
    public async Task The_networks_own_coins_pay_by_the_transactions_that_succeed()
    {
        var payment = await _world.CreatePaymentAsync("0.25", "ETH");
        var address = payment.Details.DepositAddress;
        await _chain.CallAsync("anvil_setCode", address, Refuse);
        var failed = await _chain.ReceiptAsync(await _chain.SendAsync(
            new EvmTransaction(_chain.Payer) { To = address, Value = Coin, Gas = 100_000 }));
        failed.Succeeded.Should().BeFalse();
        await _chain.CallAsync("anvil_setCode", address, "0x");
        await _chain.TransferNativeAsync(address, Coin / 10);
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.partially_paid");

        await _chain.TransferNativeAsync(payment.Details.DepositAddress, (Coin / 4) - (Coin / 10));
        await _chain.MineAsync();
        await _world.ScanAsync();
        var state = (await _world.ReadAsync(payment)).State;
        (state.Status, state.Received, state.Outcome).Should().Be(
            (PaymentStatus.Confirmed, Coin / 4, PaymentOutcome.Exact));
    }

    [Theory]
    [InlineData(-1, "payment.partially_paid", PaymentOutcome.Partial)]
    [InlineData(0, "payment.paid", PaymentOutcome.Exact)]
    [InlineData(1, "payment.paid", PaymentOutcome.Over)]
    public async Task One_base_unit_makes_the_difference(int difference, string happened, PaymentOutcome outcome)
    {
        var payment = await _world.CreatePaymentAsync("999999.999999");
        await _chain.TransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 999_999_999_999 + difference);
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", happened);
        (await _world.ReadAsync(payment)).State.Outcome.Should().Be(outcome);
    }

    [Fact]
    public async Task Tokens_of_18_decimals_and_those_that_keep_a_fee_count_what_arrives()
    {
        var dai = await _chain.DeployTokenAsync("DAI", 18);
        var fee = await _chain.DeployTokenAsync("FEE", 6, "FeeToken");
        await using var world = await EvmWorld.CreateAsync(
            [_chain.Url],
            ("Assets:DAI:Contract", dai), ("Assets:DAI:Decimals", "18"), ("Assets:DAI:Confirmations", "1"),
            ("Assets:FEE:Contract", fee), ("Assets:FEE:Decimals", "6"), ("Assets:FEE:Confirmations", "1"));
        var exact = await world.CreatePaymentAsync("0.000000000000000001", "DAI");
        var charged = await world.CreatePaymentAsync("100", "FEE");
        await _chain.TransferAsync(dai, exact.Details.DepositAddress, 1);
        await _chain.TransferAsync(fee, charged.Details.DepositAddress, 100_000_000);
        await world.ScanAsync();

        (await world.StatusAsync(exact)).Should().Be(PaymentStatus.Confirmed);
        var state = (await world.ReadAsync(charged)).State;
        (state.Status, state.Received).Should().Be((PaymentStatus.Pending, 99_000_000));
    }

    [Fact]
    public async Task What_another_contract_claims_is_ignored_for_the_payment_and_kept()
    {
        var payment = await _world.CreatePaymentAsync();
        var liar = await _chain.DeployAsync(EvmContracts.Creation("FalseToken"));
        await _chain.EmitManyAsync(liar, [payment.Details.DepositAddress], 10_500_000);
        await _chain.TransferAsync(EvmChain.Usdc, payment.Details.DepositAddress, 10_500_000);
        await _chain.TransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 0);
        await _chain.TransferNativeAsync(payment.Details.DepositAddress, 5);
        await _world.ScanAsync();

        (await _world.EventsAsync(payment)).Should().Equal("payment.created");
        (await _world.UnmatchedAsync(payment)).Should().Equal(
            ("wrong_token", 10_500_000, true), ("wrong_token", 10_500_000, true), ("zero_value", 0, true),
            ("wrong_token", 5, true));
    }

    [Fact]
    public async Task One_transaction_pays_two_payments_and_one_of_them_twice()
    {
        var (one, two) = (await _world.CreatePaymentAsync("1"), await _world.CreatePaymentAsync("2"));
        await _chain.BatchAsync(
            EvmChain.Usdt,
            [two.Details.DepositAddress, one.Details.DepositAddress, two.Details.DepositAddress],
            1_000_000);
        await _world.ScanAsync();

        (await _world.ReadAsync(one)).State.Transfers.Select(transfer => transfer.Amount).Should().Equal(1_000_000);
        (await _world.ReadAsync(two)).State.Transfers.Select(transfer => transfer.Amount)
            .Should().Equal(1_000_000, 1_000_000);
        (await _world.StatusAsync(two)).Should().Be(PaymentStatus.Paid);
    }

    [Fact]
    public async Task A_thousand_payments_are_paid_in_one_block()
    {
        var payments = new List<PaymentRecord>();
        for (var i = 0; i < 1_000; i++)
            payments.Add(await _world.CreatePaymentAsync("1"));
        payments.Select(payment => payment.Details.DepositAddress).Should().OnlyHaveUniqueItems();
        await _chain.SetAutomineAsync(on: false);
        foreach (var payment in payments)
            await _chain.SendTransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 1_000_000);
        await _chain.CallAsync("evm_setBlockGasLimit", "0xfffffffff");
        await _chain.MineAsync();
        await _chain.MineAsync();
        await _world.ScanAsync();

        (await _world.World.ScalarAsync<long>("select count(*) from payments where status = 'Confirmed'"))
            .Should().Be(1_000);
        (await _world.World.ScalarAsync<long>("select count(distinct block_number) from transfers")).Should().Be(1);
    }

    [Fact]
    public async Task Finality_is_waited_for_where_the_policy_asks_for_it()
    {
        await using var world = await EvmWorld.CreateAsync([_chain.Url], ("Assets:USDT:Finalized", "true"));
        var payment = await world.CreatePaymentAsync();
        var receipt = await _chain.TransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 10_500_000);
        while ((await _chain.BlockAsync("finalized")).Number < receipt.BlockNumber)
        {
            await world.ScanAsync();
            (await world.StatusAsync(payment)).Should().Be(PaymentStatus.Paid);
            await _chain.MineAsync();
        }

        await world.ScanAsync();
        (await world.StatusAsync(payment)).Should().Be(PaymentStatus.Confirmed);
    }

    /// <summary>No node of Tron's runs here: its interface is Ethereum's, and the addresses are its own.</summary>
    [Fact]
    public async Task Tron_shows_its_own_addresses_for_the_same_bytes()
    {
        static string Tron(string address) => EvmAddress.Shown(address.ToLowerInvariant(), AddressForm.Tron);
        var contract = Tron(EvmChain.Usdt);
        await using var world = await EvmWorld.CreateAsync(
            [_chain.Url],
            ("AddressForm", "tron"), ("Assets:USDT:Contract", contract), ("Assets:USDC:Contract", Tron(EvmChain.Usdc)));
        var payment = await world.CreatePaymentAsync();
        var address = payment.Details.DepositAddress;
        address.Should().MatchRegex("^T[1-9A-HJ-NP-Za-km-z]{33}$");
        (payment.Details.Contract, payment.Details.PaymentUri).Should().Be((contract, address));
        world.Rail().Experimental.Should().BeTrue();

        await _chain.TransferAsync(EvmChain.Usdt, EvmAddress.Parse(address, AddressForm.Tron)!, 10_500_000);
        await _chain.MineAsync();
        await world.ScanAsync();
        (await world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
    }

    [Fact]
    public async Task What_waits_in_the_mempool_is_nothing()
    {
        var payment = await _world.CreatePaymentAsync();
        await _chain.SetAutomineAsync(on: false);
        await _chain.SendTransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 10_500_000);
        await _world.ScanAsync();
        (await _world.StatusAsync(payment)).Should().Be(PaymentStatus.Pending);

        await _chain.MineAsync();
        await _world.ScanAsync();
        (await _world.StatusAsync(payment)).Should().Be(PaymentStatus.Paid);
    }
}
