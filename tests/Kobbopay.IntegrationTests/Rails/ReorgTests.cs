using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails.Simulator;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>Blocks that give way to others: money moves, goes, and comes back.</summary>
public sealed class ReorgTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task A_transfer_mined_again_in_another_block_is_the_same_one_and_no_event()
    {
        var payment = await _world.CreatePaymentAsync("10");
        var other = await _world.CreatePaymentAsync("10");
        await _world.MineAsync(1, RailWorld.TransferTo(payment, "10"), RailWorld.TransferTo(other, "10"));
        await _world.ScanAsync();
        var before = (await _world.ReadAsync(payment.Details.Id)).State.Transfers.Single();
        var indexBefore = await LogIndexAsync(before);

        _world.Clock.Advance(TimeSpan.FromMinutes(1));
        await _world.ReorgAsync(1, drop: false);
        await _world.ScanAsync();

        var state = (await _world.ReadAsync(payment.Details.Id)).State;
        var after = state.Transfers.Single();
        after.Should().Be(before with { BlockHash = after.BlockHash });
        after.BlockHash.Should().NotBe(before.BlockHash);
        (await LogIndexAsync(after)).Should().NotBe(indexBefore);
        state.Received.Should().Be(RailWorld.Units("10"));
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid");
    }

    [Fact]
    public async Task Two_transfers_of_one_transaction_keep_their_ids_apart_when_they_move()
    {
        var payment = await _world.CreatePaymentAsync("10");
        var txHash = NewTransfer.NewTxHash();
        await _world.MineAsync(
            1, RailWorld.TransferTo(payment, "4", txHash), RailWorld.TransferTo(payment, "6", txHash));
        await _world.ScanAsync();
        var before = (await _world.ReadAsync(payment.Details.Id)).State.Transfers;

        await _world.ReorgAsync(1, drop: false);
        await _world.ScanAsync();

        var after = (await _world.ReadAsync(payment.Details.Id)).State.Transfers;
        after.ToDictionary(t => t.Id, t => t.Amount).Should().Equal(before.ToDictionary(t => t.Id, t => t.Amount));
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid");
    }

    [Fact]
    public async Task Dropped_money_reverts_the_payment_and_new_money_pays_it_again()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.MineAsync();
        var old = await _world.PayAsync(payment, "10");
        await _world.ScanAsync();
        await _world.ReorgAsync(1, drop: true);
        await _world.ScanAsync();

        var reverted = (await _world.ReadAsync(payment.Details.Id)).State;
        (reverted.Status, reverted.PaidAt).Should().Be((PaymentStatus.Pending, null));
        reverted.Transfers.Should().BeEmpty();
        (await _world.ScalarAsync<string>(
            "select old_block_hash || new_block_hash from payment_timeline where type = 'payment.reverted'"))
            .Should().Be(old.Hash + await _world.ScalarAsync<string>("select head_hash from simulator_chains"));
        (await _world.ScalarAsync<bool>("select canonical from transfers")).Should().BeFalse();

        await _world.PayAsync(payment, "10");
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Paid);
        (await _world.EventsAsync(payment)).Should().Equal(
            "payment.created", "payment.paid", "payment.reverted", "payment.paid");
    }

    [Fact]
    public async Task A_dropped_transfer_that_comes_back_keeps_its_id_and_stays_on_time()
    {
        var payment = await _world.CreatePaymentAsync("10");
        var transfer = RailWorld.TransferTo(payment, "10");
        await _world.MineAsync(1, transfer);
        await _world.ScanAsync();
        var before = (await _world.ReadAsync(payment.Details.Id)).State.Transfers.Single();
        await _world.ReorgAsync(1, drop: true);
        await _world.ScanAsync();

        _world.Clock.Advance(TimeSpan.FromMinutes(61));
        await _world.MineAsync(1, transfer);
        await _world.ScanAsync();

        var state = (await _world.ReadAsync(payment.Details.Id)).State;
        (state.Status, state.Late).Should().Be((PaymentStatus.Paid, false));
        state.Transfers.Single().Should().BeEquivalentTo(new { before.Id, before.FirstBlockTime, before.TxHash });
    }

    [Fact]
    public async Task A_reverted_payment_does_not_expire_before_its_grace_is_over()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.PayAsync(payment, "10");
        await _world.ScanAsync();
        _world.Clock.Advance(TimeSpan.FromMinutes(61));
        await _world.ReorgAsync(1, drop: true);
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Pending);

        _world.Clock.Advance(TimeSpan.FromMinutes(30));
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal(
            "payment.created", "payment.paid", "payment.reverted", "payment.expired");
    }

    [Fact]
    public async Task A_deep_reorganisation_after_confirmed_is_a_violation_and_never_takes_confirmed_back()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.PayAsync(payment, "10");
        await _world.MineAsync(40);
        await _world.ScanAsync();
        await _world.ReorgAsync(41, drop: true);
        await _world.ScanAsync();

        var state = (await _world.ReadAsync(payment.Details.Id)).State;
        (state.Status, state.FinalityViolated).Should().Be((PaymentStatus.Confirmed, true));
        (await _world.EventsAsync(payment)).Should().Equal(
            "payment.created", "payment.paid", "payment.confirmed", "payment.finality_violated");
        (await _world.ScalarAsync<long>(
            "select count(*) from chain_blocks c join simulator_blocks s using (chain, number, hash)")).Should().Be(41);
    }

    [Fact]
    public async Task A_transfer_that_moves_beyond_the_old_head_while_the_scanner_is_behind_is_credited_once()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.MineAsync(5);
        await _world.PayAsync(payment, "10");
        await _world.MineAsync(3);
        await _world.ScanAsync();
        await _world.ReorgAsync(6, drop: false);
        await _world.MineAsync(120);
        await _world.ScanAsync();

        var state = (await _world.ReadAsync(payment.Details.Id)).State;
        (state.Status, state.Received).Should().Be((PaymentStatus.Confirmed, RailWorld.Units("10")));
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
    }

    [Fact]
    public async Task Chosen_transactions_are_dropped_and_the_others_mined_in_other_blocks_order_and_places()
    {
        var payments = new List<Payments.PaymentRecord>();
        var transfers = new List<NewTransfer>();
        for (var i = 0; i < 4; i++)
        {
            payments.Add(await _world.CreatePaymentAsync("10"));
            transfers.Add(RailWorld.TransferTo(payments[i], "10"));
        }

        await _world.MineAsync(1, transfers[0], transfers[1]);
        await _world.MineAsync(1, transfers[2], transfers[3]);
        await _world.ScanAsync();
        var before = await PlacesAsync();
        await _world.ReorgAsync(2, DroppedTransactions.These([transfers[1].TxHash]));
        await _world.ScanAsync();

        var after = await PlacesAsync();
        after.Keys.Should().BeEquivalentTo(before.Keys.Where(hash => hash != transfers[1].TxHash));
        after.Keys.Where(hash => after[hash] == before[hash]).Should().BeEmpty();
        after.Values.Should().OnlyContain(place => !before.Values.Select(old => old.LogIndex).Contains(place.LogIndex));
        after.Values.Should().OnlyHaveUniqueItems();
        after.OrderBy(place => place.Value).Select(place => place.Key).Should()
            .NotEqual(before.OrderBy(place => place.Value).Select(place => place.Key).Where(after.ContainsKey));
        string[] kept = ["payment.created", "payment.paid"];
        foreach (var (payment, i) in payments.Select((payment, i) => (payment, i)))
            (await _world.EventsAsync(payment)).Should().Equal(i == 1 ? [.. kept, "payment.reverted"] : kept);
    }

    [Fact]
    public async Task A_single_transaction_moves_to_another_height_whenever_there_is_one()
    {
        var payment = await _world.CreatePaymentAsync("10");
        var transfer = RailWorld.TransferTo(payment, "10");
        await _world.MineAsync(2, transfer);
        await _world.ReorgAsync(2, drop: false);
        (await PlacesAsync()).Should().BeEquivalentTo(
            new Dictionary<string, (long, int)> { [transfer.TxHash] = (1, 1) });
    }

    [Fact]
    public async Task A_reorganisation_that_can_not_be_changes_nothing()
    {
        var payment = await _world.CreatePaymentAsync("10");
        var transfer = RailWorld.TransferTo(payment, "10");
        await _world.MineAsync(1, transfer);
        var head = await _world.MineAsync();
        var token = TestContext.Current.CancellationToken;

        (await _world.Chain.ReorgAsync(_world.ChainName, 3, DroppedTransactions.None, token))
            .Should().Be(new ReorgRefusal(NotReplaced: null));
        (await _world.Chain.ReorgAsync(
            _world.ChainName, 1, DroppedTransactions.These([transfer.TxHash]), token))
            .Should().Be(new ReorgRefusal(transfer.TxHash));

        (await _world.ScalarAsync<string>("select head_hash from simulator_chains")).Should().Be(head.Hash);
        (await PlacesAsync()).Should().BeEquivalentTo(
            new Dictionary<string, (long, int)> { [transfer.TxHash] = (0, 0) });
    }

    private async Task<Dictionary<string, (long Block, int LogIndex)>> PlacesAsync()
    {
        await using var command = _world.Database.CreateCommand(
            "select tx_hash, block_number, log_index from simulator_transfers");
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var places = new Dictionary<string, (long, int)>(StringComparer.Ordinal);
        while (await row.ReadAsync(TestContext.Current.CancellationToken))
            places[row.GetString(0)] = (row.GetInt64(1), row.GetInt32(2));
        return places;
    }

    private Task<int> LogIndexAsync(Transfer transfer) =>
        _world.ScalarAsync<int>($"select log_index from transfers where id = '{transfer.Id}'");
}
