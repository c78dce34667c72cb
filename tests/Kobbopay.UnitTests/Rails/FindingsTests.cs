using CsCheck;
using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;

namespace Kobbopay.UnitTests.Rails;

/// <summary>What blocks mean for the transfers of payments.</summary>
public sealed class FindingsTests
{
    private const string Address = "sim1aa";
    private const string Chain = "chain";

    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);
    private static readonly Guid Payment = Guid.CreateVersion7(Time);
    private static readonly WatchedAddress Watched = new(
        Payment, Address, Chain, string.Empty, ClosedAt: null, WasPaid: false);

    [Fact]
    public void A_transfer_to_a_payments_address_is_seen_and_any_other_is_not()
    {
        var findings = Find(
            [Block(5, "a", To(Address, "tx1", 10), To("sim1bb", "tx2", 10), To(Address, "tx3", 10, "token"))]);

        var row = findings.Seen.Should().ContainSingle().Subject;
        var key = new TransferKey("tx1", string.Empty, Address, 0);
        row.Should().Be(new TransferRow(row.Id, Payment, key, 10, 5, "a5", 0, Time, Time, Canonical: true));
        findings.Payments.Should().Equal(Payment);
        findings.ReorgOf(Payment).Should().BeNull();
    }

    [Fact]
    public void The_token_counts_by_its_contract_alone()
    {
        var token = Watched with { Contract = "token" };
        var findings = Find(
            [Block(5, "a", To(Address, "tx1", 10), To(Address, "tx2", 11, "token"), To(Address, "tx3", 12, "other"))],
            token);
        findings.Seen.Should().ContainSingle().Which.Key.TxHash.Should().Be("tx2");
    }

    [Fact]
    public void Transfers_of_one_transaction_are_told_apart_by_their_order()
    {
        var findings = Find([Block(5, "a", To(Address, "tx1", 4), To("sim1bb", "tx1", 1), To(Address, "tx1", 6))]);
        findings.Seen.Select(row => (row.Key.Ordinal, (int)row.Amount, row.LogIndex))
            .Should().Equal((0, 4, 0), (1, 6, 2));
    }

    [Fact]
    public void A_closed_payment_is_watched_for_seven_days_of_block_time()
    {
        var blocks = new List<Block> { Block(5, "a", To(Address, "tx1", 10)) };
        Find(blocks, Watched with { ClosedAt = Time.AddDays(-7) }).Seen.Should().ContainSingle();
        Find(blocks, Watched with { ClosedAt = Time.AddDays(-7).AddSeconds(-1) }).Seen.Should().BeEmpty();
    }

    [Fact]
    public void What_counts_for_no_payment_is_kept_with_the_reason()
    {
        string ReasonFor(WatchedAddress watched, int amount = 10, string? contract = null)
        {
            var findings = Find([Block(5, "a", To(Address, "tx1", amount, contract))], watched);
            findings.Seen.Should().BeEmpty();
            return findings.Uncounted.Should().ContainSingle().Subject.Reason;
        }

        var old = Watched with { ClosedAt = Time.AddDays(-8) };
        ReasonFor(Watched with { Chain = "other" }).Should().Be(UnmatchedReasons.WrongNetwork);
        ReasonFor(Watched, contract: "token").Should().Be(UnmatchedReasons.WrongToken);
        ReasonFor(Watched, amount: 0).Should().Be(UnmatchedReasons.ZeroValue);
        ReasonFor(old).Should().Be(UnmatchedReasons.ClosedPayment);
        ReasonFor(old with { WasPaid = true }).Should().Be(UnmatchedReasons.SecondPayment);
    }

    [Fact]
    public void What_is_known_and_unchanged_is_no_news()
    {
        var block = Block(5, "a", To(Address, "tx1", 10));
        var known = Find([block]).Seen;
        var again = Findings.Of(Chain, [block], [Watched], known, [], TimeProvider.System);
        again.Seen.Should().BeEmpty();
        again.Payments.Should().BeEmpty();
    }

    [Fact]
    public void A_moved_transfer_keeps_its_id_and_first_time_and_a_missing_one_is_dropped()
    {
        var before = Find([Block(5, "a", To(Address, "tx1", 10), To(Address, "tx2", 20))]).Seen;
        var later = Block(5, "b", To("sim1bb", "tx9", 1), To(Address, "tx2", 20)) with { Time = Time.AddMinutes(5) };

        var findings = Findings.Of(Chain, [later], [Watched], before, before, TimeProvider.System);

        findings.Dropped.Should().Equal(before[0]);
        findings.Seen.Should().Equal(before[1] with { BlockHash = "b5", LogIndex = 1, BlockTime = Time.AddMinutes(5) });
        findings.ReorgOf(Payment).Should().Be(new Reorg("a5", "b5"));
        findings.TransfersOf(Payment, [.. before.Select(row => row.ToTransfer())])
            .Should().Equal(findings.Seen[0].ToTransfer());
    }

    [Fact]
    public void However_a_transaction_is_mined_again_its_transfers_keep_their_ids()
    {
        var transactions = Gen.Int[1, 3].Array[1, 6];
        Gen.Select(transactions, Gen.Shuffle(Enumerable.Range(0, 6).ToArray())).Sample((counts, order) =>
        {
            TokenTransfer[] Mined(IEnumerable<int> sequence) =>
            [
                .. sequence.Where(tx => tx < counts.Length)
                    .SelectMany(tx => Enumerable.Range(1, counts[tx])
                        .Select(i => To(Address, $"tx{tx}", (tx * 10) + i))),
            ];
            var before = Find([Block(5, "a", Mined(Enumerable.Range(0, 6)))]).Seen;
            var after = Findings.Of(
                Chain, [Block(5, "b", Mined(order))], [Watched], before, before, TimeProvider.System);

            after.Dropped.Should().BeEmpty();
            after.Seen.ToDictionary(row => row.Id, row => row.Amount)
                .Should().BeEquivalentTo(before.ToDictionary(row => row.Id, row => row.Amount));
        });
    }

    [Fact]
    public void What_is_ours_and_no_payments_is_told_apart_with_its_reason()
    {
        var block = Block(5, "a", To(Address, "tx1", 10, "token"), To("sim1bb", "tx2", 10), To(Address, "tx3", 10));
        var closed = Watched with { ClosedAt = Time.AddDays(-8) };
        Find([block], closed).Uncounted.Select(one => (one.Key.TxHash, one.PaymentId, one.Reason)).Should().Equal(
            ("tx1", Payment, UnmatchedReasons.WrongToken), ("tx3", Payment, UnmatchedReasons.ClosedPayment));
    }

    [Fact]
    public void Ids_ascend_in_the_order_of_the_chain()
    {
        var findings = Find(
        [
            .. Enumerable.Range(0, 20)
                .Select(i => Block(i, "a", To(Address, $"a{i}", 1), To(Address, $"b{i}", 1, "token"))),
        ]);
        findings.Seen.Select(row => row.Id).Should().BeInAscendingOrder();
        UnmatchedTransfers.Of(findings.Uncounted, [], [], TimeProvider.System).Seen.Select(row => row.Id)
            .Should().BeInAscendingOrder().And.HaveCount(20);
    }

    [Fact]
    public void Unmatched_transfers_that_move_keep_their_ids_and_those_that_are_gone_are_dropped()
    {
        var first = Find([Block(5, "a", To(Address, "tx1", 1, "token"), To(Address, "tx2", 2, "token"))]);
        var before = UnmatchedTransfers.Of(first.Uncounted, [], [], TimeProvider.System).Seen;
        var moved = Find([Block(5, "b", To("sim1bb", "tx9", 9), To(Address, "tx2", 2, "token"))]);

        var after = UnmatchedTransfers.Of(moved.Uncounted, before, before, TimeProvider.System);

        after.Dropped.Should().Equal(before[0]);
        after.Seen.Should().Equal(before[1] with { BlockHash = "b5", LogIndex = 1 });
    }

    [Fact]
    public void A_payments_trace_is_that_of_the_block_with_its_money_or_of_the_newest()
    {
        var findings = Find(
        [
            Block(5, "a", To(Address, "tx1", 10)) with { TraceParent = "pay" },
            Block(6, "a") with { TraceParent = "mine" },
        ]);
        findings.TraceOf(Payment).Should().Be("pay");
        findings.TraceOf(Guid.Empty).Should().Be("mine");
    }

    private static Findings Find(List<Block> blocks, WatchedAddress? watched = null) =>
        Findings.Of(Chain, blocks, [watched ?? Watched], [], [], TimeProvider.System);

    private static Block Block(long number, string fork, params TokenTransfer[] transfers) => new(
        number, $"{fork}{number}", $"{fork}{number - 1}", Time,
        [.. transfers.Select((transfer, i) => transfer with { LogIndex = i })]);

    private static TokenTransfer To(string address, string txHash, int amount, string? contract = null) =>
        new(txHash, 0, contract, address, amount);
}
