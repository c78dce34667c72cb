using System.Text.Json;
using Kobbopay.IntegrationTests.Rails;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>The paged lists of one payment: its transfers and its timeline.</summary>
public sealed class PaymentPartsTests : IAsyncLifetime
{
    private const string Reorg = "/v1/sandbox/networks/example-network/reorg";

    private RunningPayments _payments = null!;

    public async ValueTask InitializeAsync() => _payments = await RunningPayments.StartAsync();

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Fact]
    public async Task Transfers_are_listed_newest_first_and_those_that_the_chain_dropped_say_so()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        await PayAsync(id, "1");
        await PayAsync(id, "2");
        await PayAsync(id, "3.5");
        (await _payments.PostAsync(Reorg, """{"depth": 1, "drop": true}""")).Status.Should().Be(200);
        await PaymentAsync(id, payment => payment.GetProperty("amountReceived").GetString() == "3");

        var all = Entries(await _payments.GetAsync($"/v1/payments/{id}/transfers"));
        all.Select(Facts).Should().Equal(("3.5", 0, false), ("2", 2, true), ("1", 3, true));
        var shown = (await _payments.GetAsync($"/v1/payments/{id}")).Body;
        shown.GetProperty("transferCount").GetInt32().Should().Be(2);
        var embedded = shown.GetProperty("transfers").EnumerateArray();
        all.Skip(1).Select(entry => entry.GetRawText()).Should().Equal(
            embedded.Select(entry => $"{entry.GetRawText()[..^1]},\"canonical\":true}}"));

        var page = await _payments.GetAsync($"/v1/payments/{id}/transfers?limit=2");
        page.Body.GetProperty("hasMore").GetBoolean().Should().BeTrue();
        var rest = await _payments.GetAsync($"/v1/payments/{id}/transfers?after={page.Text("nextCursor")}");
        Entries(rest).Select(Facts).Should().Equal(("1", 3, true));
        rest.Body.GetProperty("hasMore").GetBoolean().Should().BeFalse();
    }

    [Fact]
    public async Task A_payment_without_transfers_has_an_empty_list_and_not_a_404()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        (await _payments.GetAsync($"/v1/payments/{id}/transfers")).Body.GetRawText()
            .Should().Be("""{"data":[],"hasMore":false,"nextCursor":null}""");
        (await _payments.GetAsync($"/v1/payments/{id}/transfers?status=x")).Problem
            .Should().Be((422, "invalid_request", "?status"));
    }

    [Fact]
    public async Task The_timeline_has_each_version_once_newest_first_with_the_blocks_of_a_reversal()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        await PayAsync(id, "10.5");
        var paid = await _payments.StatusAsync(id, "Paid");
        await _payments.PostAsync(Reorg, """{"depth": 1, "drop": true}""");
        await _payments.StatusAsync(id, "Pending");

        var steps = Entries(await _payments.GetAsync($"/v1/payments/{id}/timeline"));
        steps.Select(step => (
            step.GetProperty("version").GetInt32(),
            step.GetProperty("type").GetString(),
            step.GetProperty("from").GetString(),
            step.GetProperty("to").GetString())).Should().Equal(
            (3, "payment.reverted", "Paid", "Pending"),
            (2, "payment.paid", "Pending", "Paid"),
            (1, "payment.created", null, "Pending"));
        steps[0].GetProperty("oldBlockHash").GetString().Should().Be(
            paid.GetProperty("transfers")[0].GetProperty("blockHash").GetString());
        steps[0].GetProperty("newBlockHash").GetString().Should().NotBeNull();
        steps[2].GetProperty("at").GetString().Should().Be(paid.GetProperty("createdAt").GetString());
        steps[2].EnumerateObject().Select(field => field.Name).Should().Equal(
            "version", "type", "from", "to", "at", "oldBlockHash", "newBlockHash", "actor", "reason");

        var page = await _payments.GetAsync($"/v1/payments/{id}/timeline?limit=1");
        var next = await _payments.GetAsync($"/v1/payments/{id}/timeline?limit=1&after={page.Text("nextCursor")}");
        Entries(next).Single().GetProperty("version").GetInt32().Should().Be(2);
        var last = await _payments.GetAsync($"/v1/payments/{id}/timeline?after={next.Text("nextCursor")}");
        Entries(last).Single().GetProperty("version").GetInt32().Should().Be(1);
        var back = await _payments.GetAsync($"/v1/payments/{id}/timeline?before={next.Text("nextCursor")}");
        Entries(back).Single().GetProperty("version").GetInt32().Should().Be(3);
    }

    [Fact]
    public async Task A_cursor_of_one_payments_list_is_none_of_anothers()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        var other = await _payments.CreatePaymentAsync("order-2");
        await PayAsync(id, "1");
        await PayAsync(id, "2");
        foreach (var part in new[] { "transfers", "timeline" })
        {
            var cursor = (await _payments.GetAsync($"/v1/payments/{id}/{part}?limit=1")).Text("nextCursor");
            (await _payments.GetAsync($"/v1/payments/{other}/{part}?after={cursor}")).Problem
                .Should().Be((422, "invalid_cursor", null));
        }
    }

    private static List<JsonElement> Entries(Answer list) => [.. list.Body.GetProperty("data").EnumerateArray()];

    private static (string? Amount, int Confirmations, bool Canonical) Facts(JsonElement transfer) => (
        transfer.GetProperty("amount").GetString(),
        transfer.GetProperty("confirmations").GetInt32(),
        transfer.GetProperty("canonical").GetBoolean());

    /// <summary>Pays and waits until it is seen.</summary>
    private async Task PayAsync(string id, string amount)
    {
        var paid = await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay", $$"""{"amount": {{amount}}}""");
        paid.Status.Should().Be(200);
        await PaymentAsync(id, payment => payment.GetProperty("transfers").EnumerateArray()
            .Any(transfer => transfer.GetProperty("txHash").GetString() == paid.Text("txHash")));
    }

    private Task<JsonElement> PaymentAsync(string id, Func<JsonElement, bool> condition) =>
        Testing.Eventually.GetAsync(async () => (await _payments.GetAsync($"/v1/payments/{id}")).Body, condition);
}
