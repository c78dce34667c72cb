using System.Text;
using Kobbopay.Client;
using Kobbopay.IntegrationTests.Whole;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Sdk;

/// <summary>The SDK's payments, money and feed against all services.</summary>
public sealed class SdkPaymentTests(WholeKobbopay system) : IClassFixture<WholeKobbopay>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_payment_is_created_once_read_and_canceled()
    {
        var client = (await SdkMerchant.OfAsync(system)).Test;
        var request = SdkMerchant.Order("order-1", "0.000001") with
        {
            Description = "A very small thing",
            Metadata = new Dictionary<string, string> { ["cart"] = "7 & 8" },
            ExpiresIn = 600,
            ReturnUrl = "https://shop.example.com/back",
        };

        var first = await client.Payments.CreateAsync(request, "key-1", Token);
        var replayed = await client.Payments.CreateAsync(request, "key-1", Token);
        var again = await client.Payments.CreateAsync(request, cancellationToken: Token);

        (first.IdempotencyReplayed, first.OrderReplayed).Should().Be((false, false));
        first.RequestId.Should().StartWith("req_");
        (replayed.IdempotencyReplayed, replayed.OrderReplayed).Should().Be((true, false));
        (again.IdempotencyReplayed, again.OrderReplayed).Should().Be((false, true));
        replayed.Value.Should().BeEquivalentTo(first.Value);
        var read = await client.Payments.GetAsync(first.Value.PaymentId, Token);
        read.Should().BeEquivalentTo(first.Value);
        (read.Amount, read.AmountDue, read.Outcome).Should().Be((0.000001m, 0.000001m, PaymentOutcomes.None));
        (read.ExpiresAt - read.CreatedAt).Should().Be(TimeSpan.FromMinutes(10));
        var canceled = await client.Payments.CancelAsync(read.PaymentId, cancellationToken: Token);
        canceled.Value.Status.Should().Be(PaymentStatuses.Canceled);
        var found = await client.Payments.ListAsync(
            new PaymentFilter { Metadata = request.Metadata }, cancellationToken: Token).ToListAsync(Token);
        found.Should().ContainSingle().Which.Should().BeEquivalentTo(canceled.Value);
        (await client.Payments.ListTimelineAsync(read.PaymentId, cancellationToken: Token)
            .Select(step => step.To).ToListAsync(Token)).Should().Equal("Canceled", "Pending");
    }

    [Fact]
    public async Task Lists_go_over_pages_both_ways()
    {
        var client = (await SdkMerchant.OfAsync(system)).Test;
        for (var i = 0; i < 7; i++)
            await client.Payments.CreateAsync(SdkMerchant.Order($"order-{i}"), cancellationToken: Token);

        var all = await client.Payments.ListAsync(pageSize: 3, cancellationToken: Token).ToListAsync(Token);

        all.Select(one => one.OrderId).Should().Equal(Enumerable.Range(0, 7).Reverse().Select(i => $"order-{i}"));
        var first = await client.Payments.ListPageAsync(
            page: new PageRequest { Limit = 3 }, cancellationToken: Token);
        var second = await client.Payments.ListPageAsync(
            page: new PageRequest { Limit = 3, After = first.NextCursor }, cancellationToken: Token);
        second.Data.Select(one => one.OrderId).Should().Equal("order-3", "order-2", "order-1");
        var since = new PaymentFilter { CreatedFrom = all[1].CreatedAt, CreatedTo = all[0].CreatedAt };
        (await client.Payments.ListAsync(since, cancellationToken: Token).ToListAsync(Token))
            .Should().OnlyContain(one => one.CreatedAt >= all[1].CreatedAt && one.CreatedAt < all[0].CreatedAt);
    }

    [Fact]
    public async Task A_feed_consumer_that_is_killed_goes_on_where_it_was_until_the_payment_is_confirmed()
    {
        var client = (await SdkMerchant.OfAsync(system)).Test;
        var folder = Directory.CreateTempSubdirectory("kobbopay-sdk-");
        var cursor = new FileEventCursor(Path.Combine(folder.FullName, "cursor"));
        Payment payment = await client.Payments.CreateAsync(SdkMerchant.Order("order-1"), cancellationToken: Token);
        var seen = new List<string>();

        async Task RunUntilAsync(string last)
        {
            using var kill = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var consumer = new EventFeedConsumer(client, cursor, async (one, _) =>
            {
                seen.Add($"{one.Sequence} {one.Type} {one.ReadPayment()!.Status}");
                if (one.Type == last)
                    await kill.CancelAsync();
            });
            await consumer.Awaiting(c => c.RunAsync(kill.Token)).Should().ThrowAsync<OperationCanceledException>();
        }

        await RunUntilAsync(KobbopayEventTypes.PaymentCreated);
        await client.Sandbox.PayAsync(payment.PaymentId, cancellationToken: Token);
        await RunUntilAsync(KobbopayEventTypes.PaymentPaid);
        // This time the event comes while the consumer waits for it.
        var confirmed = RunUntilAsync(KobbopayEventTypes.PaymentConfirmed);
        await client.Sandbox.MineAsync(payment.Network, 2, cancellationToken: Token);
        await confirmed;

        seen.Should().Equal(
            "1 payment.created Pending", "2 payment.paid Paid", "3 payment.confirmed Confirmed");
        (await cursor.ReadAsync(Token)).Should().Be(3);
        folder.Delete(recursive: true);
        var third = (await client.Events.ReadAsync(2, cancellationToken: Token)).Data.Single();
        (await client.Events.GetAsync(third.Id, Token)).Body.ToArray().Should().Equal(third.Body.ToArray());
        var beyond = () => client.Events.FollowAsync(1000, cancellationToken: Token).FirstAsync(Token).AsTask();
        await beyond.Should().ThrowAsync<KobbopayFeedGapException>();
    }

    [Fact]
    public async Task Money_is_followed_to_the_report_and_the_payers_page()
    {
        var merchant = await SdkMerchant.OfAsync(system);
        var client = merchant.Test;
        var payment = await merchant.ConfirmedAsync("order-1");
        payment.Fulfilment.Should().Be(new Fulfilment { Decision = FulfilmentDecisions.Fulfil, Reason = "confirmed" });

        var transfer = (await client.Payments.ListTransfersAsync(payment.PaymentId, cancellationToken: Token)
            .ToListAsync(Token)).Should().ContainSingle().Subject;
        transfer.Should().BeEquivalentTo(payment.Transfers.Single() with { Canonical = true });
        transfer.Amount.ToDecimal().Should().Be(10.5m);
        var day = payment.ConfirmedAt!.Value.AddHours(-1);
        await using var csv = await client.Reports.GetPaymentsCsvAsync(day, day.AddHours(2), cancellationToken: Token);
        using var reader = new StreamReader(csv, Encoding.UTF8);
        (await reader.ReadToEndAsync(Token)).Should().Contain(payment.PaymentId).And.Contain("TOTAL");
        var token = payment.PublicStatusUrl.Split('/')[^1];
        var shown = await Eventually.GetAsync(
            () => SdkMerchant.ClientOf(system, key: null).PublicStatus.GetAsync(token, Token),
            status => status.Status == PaymentStatuses.Confirmed);
        (shown.Amount, shown.Received, shown.Missing).Should().Be((10.5m, 10.5m, Amount.Zero));
        (await SdkMerchant.ClientOf(system, key: null).PublicStatus.FollowAsync(token, Token).FirstAsync(Token))
            .Should().BeEquivalentTo(shown, one => one.Excluding(status => status.ServerTime));
        shown.Transfers.Should().ContainSingle().Which.TxHash.Should().Be(transfer.TxHash);
        (await client.UnmatchedTransfers.ListAsync(cancellationToken: Token).ToListAsync(Token)).Should().BeEmpty();
        (await client.Exceptions.ListAsync("open", cancellationToken: Token).ToListAsync(Token)).Should().BeEmpty();
    }

    [Fact]
    public async Task The_sandbox_plays_everything_and_what_goes_wrong_is_resolved()
    {
        var client = (await SdkMerchant.OfAsync(system)).Test;
        const string Network = SdkMerchant.Network;
        Payment payment = await client.Payments.CreateAsync(SdkMerchant.Order("order-1"), cancellationToken: Token);

        var sent = await client.Sandbox.PayAsync(
            payment.PaymentId, new SandboxPayRequest { Transfers = [1, 2.5m], Mine = false }, cancellationToken: Token);
        sent.Value.Block.Should().BeNull();
        sent.Value.Transfers.Should().Equal(1, 2.5m);
        var mined = await client.Sandbox.MineAsync(Network, 2, cancellationToken: Token);
        mined.Value.Blocks.Should().Be(2);
        (await client.Sandbox.ListTransfersAsync(Network, cancellationToken: Token).ToListAsync(Token))
            .Should().HaveCount(2).And.OnlyContain(one => one.TxHash == sent.Value.TxHash && one.BlockNumber != null);
        (await client.Sandbox.ReorgAsync(
            Network, new SandboxReorgRequest { Depth = 2, Drop = [sent.Value.TxHash] }, cancellationToken: Token))
            .Value.Depth.Should().Be(2);
        (await client.Sandbox.ReorgAsync(
            Network, new SandboxReorgRequest { Depth = 1, DropAll = true }, cancellationToken: Token))
            .Value.Head.Number.Should().Be(mined.Value.Head.Number);
        await client.Sandbox.PayAsync(
            payment.PaymentId, new SandboxPayRequest { Amount = 3.5m }, cancellationToken: Token);
        (await client.Sandbox.ListBlocksPageAsync(Network, cancellationToken: Token)).Data[0].ParentHash
            .Should().NotBeNull();
        (await client.Sandbox.SetProviderAsync(Network, "fail", 60, cancellationToken: Token)).Value.Until
            .Should().NotBeNull();
        (await client.Sandbox.SetProviderAsync(Network, "ok", cancellationToken: Token)).Value.Mode.Should().Be("ok");
        (await client.Sandbox.AdvanceClockAsync(3700, cancellationToken: Token)).Value.Head.Should().NotBeNull();
        (await client.Sandbox.GetClockAsync(Token)).OffsetSeconds.Should().Be(3700);

        var expired = await Eventually.GetAsync(
            () => client.Payments.GetAsync(payment.PaymentId, Token), one => one.Status == PaymentStatuses.Expired);
        expired.AmountReceived.Should().Be(3.5m);
        (await client.Payments.AcceptAsync(payment.PaymentId, "They are nice.", cancellationToken: Token))
            .Value.AmountDue.Should().Be(3.5m);
        var dismiss = () => client.Payments.DismissAsync(payment.PaymentId, "No.", cancellationToken: Token);
        (await dismiss.Should().ThrowAsync<KobbopayProblemException>())
            .Which.Code.Should().Be(KobbopayProblemCodes.PaymentNotResolvable);
    }
}
