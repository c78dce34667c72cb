using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>Where a scan goes on when the network does not simply grow.</summary>
public sealed class WalkTests : IAsyncLifetime
{
    private readonly ScriptedRail _rail = new();
    private RailWorld _world = null!;
    private PaymentRecord _payment = null!;

    private DateTimeOffset Now => _world.Clock.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        _world = await RailWorld.CreateAsync();
        _payment = await _world.CreatePaymentAsync("10");
    }

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task A_provider_that_is_behind_is_waited_for()
    {
        _rail.Blocks = [.. ScriptedRail.Fork("a", null, 12, Now)];
        PayIn(9);
        await ScanAsync();

        var all = _rail.Blocks;
        _rail.Blocks = [.. all.Take(6)];
        (await ScanAsync()).Should().BeFalse();
        (await CursorAsync()).Should().Be("11 a11");
        (await StatusAsync()).Should().Be(PaymentStatus.Confirmed);

        _rail.Blocks = [.. all, .. ScriptedRail.Fork("a", all[^1], 1, Now)];
        await ScanAsync();
        (await CursorAsync()).Should().Be("12 a12");
    }

    [Fact]
    public async Task A_chain_that_became_shorter_leaves_no_block_in_the_old_ones_place()
    {
        _rail.Blocks = [.. ScriptedRail.Fork("a", null, 10, Now)];
        PayIn(9);
        await ScanAsync();
        (await StatusAsync()).Should().Be(PaymentStatus.Paid);

        var common = _rail.Blocks.Take(7).ToList();
        _rail.Blocks = [.. common, .. ScriptedRail.Fork("b", common[^1], 1, Now)];
        await ScanAsync();

        (await StatusAsync()).Should().Be(PaymentStatus.Pending);
        (await CursorAsync()).Should().Be("7 b7");
        (await _world.ScalarAsync<string>(
            "select old_block_hash || ' ' || coalesce(new_block_hash, 'none') from payment_timeline where version = 3"))
            .Should().Be("a9 none");
    }

    [Fact]
    public async Task A_chain_that_was_replaced_from_its_first_block_is_followed()
    {
        _rail.Blocks = [.. ScriptedRail.Fork("a", null, 30, Now)];
        await ScanAsync();
        _rail.Blocks = [.. ScriptedRail.Fork("b", null, 31, Now)];
        PayIn(0);
        await ScanAsync();

        (await CursorAsync()).Should().Be("30 b30");
        (await StatusAsync()).Should().Be(PaymentStatus.Confirmed);
    }

    [Fact]
    public async Task Blocks_that_do_not_follow_each_other_are_not_taken_in()
    {
        _rail.Blocks = [.. ScriptedRail.Fork("a", null, 5, Now)];
        PayIn(4);
        _rail.Blocks[2] = _rail.Blocks[2] with { Hash = "x2" };

        await FluentActions.Awaiting(ScanAsync).Should().ThrowAsync<InvalidOperationException>();
        (await StatusAsync()).Should().Be(PaymentStatus.Pending);
        (await _world.ScalarAsync<long>("select count(*) from chains")).Should().Be(0);
    }

    [Fact]
    public async Task A_reorganisation_deeper_than_what_is_remembered_stops_the_chain_for_a_person_to_look()
    {
        _rail.Blocks = [.. ScriptedRail.Fork("a", null, ChainCursor.UsualReorgLimit + 100, Now)];
        await ScanAsync();
        var common = _rail.Blocks.Take(50).ToList();
        _rail.Blocks = [.. common, .. ScriptedRail.Fork("b", common[^1], 700, Now)];

        await FluentActions.Awaiting(ScanAsync).Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("*deeper*");
        (await CursorAsync()).Should().Be("611 a611");
        (await _world.ScalarAsync<long>("select count(*) from chain_blocks")).Should().Be(ChainCursor.UsualReorgLimit);
    }

    private void PayIn(int block) => _rail.Blocks[block] = _rail.Blocks[block] with
    {
        Transfers = [new TokenTransfer("tx", 0, null, _payment.Details.DepositAddress, RailWorld.Units("10"))],
    };

    private async Task<bool> ScanAsync()
    {
        var more = false;
        while (await _world.Get<ChainScan>().RunAsync(_rail, _world.ChainName, TestContext.Current.CancellationToken))
            more = true;
        return more;
    }

    private async Task<PaymentStatus> StatusAsync() => (await _world.ReadAsync(_payment.Details.Id)).State.Status;

    private Task<string> CursorAsync() =>
        _world.ScalarAsync<string>("select block_number || ' ' || block_hash from chains");
}
