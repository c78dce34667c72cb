using System.Numerics;
using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails.Simulator;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>Money at our addresses that counts for no payment has a row all the same.</summary>
public sealed class UnmatchedTransferTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Another_token_is_kept_with_its_own_currency_and_an_unknown_one_in_base_units()
    {
        var payment = await _world.CreatePaymentAsync("10", "USDC");
        var native = RailWorld.TransferTo(payment, "10") with { Contract = null };
        var unknown = RailWorld.TransferTo(payment, "7") with { Contract = "sim1unknown" };
        var block = await _world.MineAsync(1, native, unknown, RailWorld.TransferTo(payment, "1"));
        await _world.ScanAsync();

        var rows = await RowsAsync();
        rows.Select(row => row with { Id = default }).Should().Equal(
            new Row(default, payment.Details.Id, "USDT", 6, string.Empty, 10_000_000, "wrong_token", native.TxHash,
                block.Hash, true),
            new Row(default, payment.Details.Id, null, null, "sim1unknown", 7_000_000, "wrong_token", unknown.TxHash,
                block.Hash, true));
        (await _world.ReadAsync(payment.Details.Id)).State.Received.Should().Be(RailWorld.Units("1"));
    }

    [Fact]
    public async Task Money_after_the_seven_days_is_kept_and_money_within_them_counts()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.MineAsync();
        await _world.ScanAsync();
        await ExpireAsync(payment);

        _world.Clock.Advance(TimeSpan.FromDays(7));
        await _world.PayAsync(payment, "3");
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Received.Should().Be(RailWorld.Units("3"));
        (await RowsAsync()).Should().BeEmpty();

        _world.Clock.Advance(TimeSpan.FromSeconds(1));
        await _world.PayAsync(payment, "4");
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Received.Should().Be(RailWorld.Units("3"));
        var row = (await RowsAsync()).Should().ContainSingle().Subject;
        (row.Reason, row.Currency, row.Amount).Should().Be(("closed_payment", "USDT", 4_000_000));
    }

    [Fact]
    public async Task What_the_chain_drops_is_marked_and_what_it_mines_again_keeps_its_id()
    {
        var payment = await _world.CreatePaymentAsync("10", "USDC");
        var txHash = NewTransfer.NewTxHash();
        var wrong = RailWorld.TransferTo(payment, "4", txHash) with { Contract = null };
        await _world.MineAsync(1, wrong, wrong with { Amount = RailWorld.Units("6") });
        await _world.ScanAsync();
        var before = await RowsAsync();
        before.Should().HaveCount(2);

        _world.Clock.Advance(TimeSpan.FromMinutes(1));
        await _world.ReorgAsync(1, drop: false);
        await _world.ScanAsync();
        var moved = await RowsAsync();
        moved.Should().Equal(before.Select(row => row with { BlockHash = moved[0].BlockHash }));
        moved[0].BlockHash.Should().NotBe(before[0].BlockHash);

        await _world.ReorgAsync(1, drop: true);
        await _world.ScanAsync();
        (await RowsAsync()).Should().Equal(moved.Select(row => row with { Canonical = false }));

        await _world.MineAsync(1, wrong, wrong with { Amount = RailWorld.Units("6") });
        await _world.ScanAsync();
        var back = await RowsAsync();
        back.Should().Equal(before.Select(row => row with { BlockHash = back[0].BlockHash }));
    }

    [Fact]
    public async Task What_was_not_watched_and_is_mined_again_within_the_time_counts()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.MineAsync();
        await _world.ScanAsync();
        await ExpireAsync(payment);
        _world.Clock.Advance(TimeSpan.FromDays(7) + TimeSpan.FromSeconds(1));
        var transfer = RailWorld.TransferTo(payment, "4");
        await _world.MineAsync(1, transfer);
        await _world.ScanAsync();
        (await RowsAsync()).Single().Canonical.Should().BeTrue();

        // The block in its place is one second older: time on a chain is the miner's.
        await _world.ReorgAsync(1, drop: false);
        await _world.ScalarAsync<int>("""
            with back as (update simulator_blocks set time = time - interval '1 second' where number =
              (select max(number) from simulator_blocks) returning 1)
            select count(*)::int from back
            """);
        await _world.ScanAsync();

        (await _world.ReadAsync(payment.Details.Id)).State.Received.Should().Be(RailWorld.Units("4"));
        (await RowsAsync()).Single().Canonical.Should().BeFalse();
    }

    private async Task ExpireAsync(PaymentRecord payment)
    {
        _world.Clock.Advance(TimeSpan.FromMinutes(61));
        await _world.MineAsync();
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Expired);
    }

    private async Task<List<Row>> RowsAsync()
    {
        await using var command = _world.Database.CreateCommand(
            """
            select id, payment_id, currency, decimals, contract, amount, reason, tx_hash, block_hash, canonical
            from unmatched_transfers order by id
            """);
        await using var row = await command.ExecuteReaderAsync(Token);
        var rows = new List<Row>();
        while (await row.ReadAsync(Token))
        {
            rows.Add(new Row(
                row.GetGuid(0),
                row.GetGuid(1),
                row.IsDBNull(2) ? null : row.GetString(2),
                row.IsDBNull(3) ? null : row.GetInt16(3),
                row.GetString(4),
                row.GetFieldValue<BigInteger>(5),
                row.GetString(6),
                row.GetString(7),
                row.GetString(8),
                row.GetBoolean(9)));
        }

        return rows;
    }

    private sealed record Row(
        Guid Id,
        Guid PaymentId,
        string? Currency,
        int? Decimals,
        string Contract,
        BigInteger Amount,
        string Reason,
        string TxHash,
        string BlockHash,
        bool Canonical);
}
