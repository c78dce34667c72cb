using System.Text;
using CsCheck;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Reports;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>The report foots: its totals are its rows and its payments.</summary>
public sealed class PaymentsReportTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task The_totals_of_random_histories_foot_to_the_rows_and_to_the_payments()
    {
        var start = _world.Clock.GetUtcNow();
        await Gen.Select(Gen.Int[0, 5], Gen.Int[1, 9_999_999], Gen.Int[0, 9]).Array[40].SampleAsync(
            async history =>
            {
                await LiveAsync(history);
                foreach (var byCreation in new[] { true, false })
                {
                    var end = _world.Clock.GetUtcNow().AddMinutes(1);
                    await FootAsync(await ReportAsync(new ReportSpan(start, end, byCreation)), byCreation);
                }
            },
            iter: 4,
            threads: 1);
    }

    /// <summary>Ten payments in three currencies, and what happens to them: money comes, moves and goes.</summary>
    private async Task LiveAsync((int Kind, int Units, int Which)[] history)
    {
        var payments = new List<PaymentRecord>();
        for (var i = 0; i < 10; i++)
        {
            payments.Add(await _world.CreatePaymentAsync(
                $"{i + 1}", (i % 3) switch { 0 => "USDC", 1 => "USDT", _ => "DAI" }));
            _world.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        foreach (var (kind, units, which) in history)
        {
            var payment = payments[which];
            if (kind < 4)
                await _world.MineAsync(2, RailWorld.TransferTo(payment, "1") with { Amount = Units(payment, units) });
            else if (await _world.ScalarAsync<long>("select coalesce((select head from simulator_chains), -1)") > 3)
                await _world.ReorgAsync(3, drop: kind == 5);
            _world.Clock.Advance(TimeSpan.FromMinutes(5));
            await _world.ScanAsync();
        }
    }

    private static System.Numerics.BigInteger Units(PaymentRecord payment, int units) =>
        units * System.Numerics.BigInteger.Pow(10, payment.Details.Decimals - 6);

    private async Task FootAsync(List<Dictionary<string, string>> rows, bool byCreation)
    {
        var totals = rows.Where(row => row["payment_id"] == "TOTAL").ToList();
        var lines = rows.Where(row => row["payment_id"] != "TOTAL").ToList();
        totals.Select(row => (row["network"], row["currency"])).Should().OnlyHaveUniqueItems();
        totals.ToDictionary(row => row["currency"], row => row["amount"]).Should().BeEquivalentTo(
            lines.GroupBy(row => row["currency"]).ToDictionary(
                group => group.Key,
                group => Sum(group.Select(row => row["amount"]), group.Key)));
        lines.Should().HaveCountGreaterThan(totals.Count);

        var received = new Dictionary<string, string>(StringComparer.Ordinal);
        var renderer = _world.Get<PaymentRenderer>();
        await using var command = _world.Database.CreateCommand(
            "select id from payments where $1 or confirmed_at is not null");
        command.Parameters.Add(new Npgsql.NpgsqlParameter<bool> { TypedValue = byCreation });
        var ids = new List<Guid>();
        await using (var row = await command.ExecuteReaderAsync(Token))
        {
            while (await row.ReadAsync(Token))
                ids.Add(row.GetGuid(0));
        }

        foreach (var id in ids)
        {
            var record = await _world.ReadAsync(id);
            var payment = renderer.Render(record.Details, record.State, record.Delayed);
            received[payment.Currency] = Sum(
                [received.GetValueOrDefault(payment.Currency, ""), payment.AmountReceived], payment.Currency);
            var own = lines.Where(row => row["payment_id"] == payment.PaymentId).ToList();
            own.Should().HaveCount(Math.Max(1, record.State.Transfers.Count));
            Sum(own.Select(row => row["amount"]), payment.Currency).Should().Be(payment.AmountReceived);
            own[0].Should().Contain("status", payment.Status).And.Contain("outcome", payment.Outcome)
                .And.Contain("address", payment.DepositAddress).And.Contain("addressPath", payment.AddressPath);
        }

        lines.Select(row => row["payment_id"]).Distinct().Should().HaveCount(ids.Count);
        totals.ToDictionary(row => row["currency"], row => row["amount"]).Should().BeEquivalentTo(received);
    }

    private static string Sum(IEnumerable<string> amounts, string currency)
    {
        var decimals = currency == "DAI" ? 18 : 6;
        var sum = System.Numerics.BigInteger.Zero;
        foreach (var amount in amounts.Where(amount => amount.Length > 0))
        {
            Amount.TryParse(amount, decimals, out var units);
            sum += units;
        }

        return Amount.Format(sum, decimals);
    }

    private async Task<List<Dictionary<string, string>>> ReportAsync(ReportSpan span)
    {
        await using var command = PaymentsReport.CommandOf(_world.Database, _world.Merchant, span);
        await using var row = await command.ExecuteReaderAsync(Token);
        var text = new StringBuilder();
        await PaymentsReport.WriteAsync(row, WriteAsync, Token);
        var lines = text.ToString().Split("\r\n");
        lines[^1].Should().BeEmpty();
        var header = lines[0].Split(',');
        return [.. lines[1..^1].Select(line => header.Zip(line.Split(',')).ToDictionary(
            cell => cell.First, cell => cell.Second, StringComparer.Ordinal))];

        Task WriteAsync(string chunk)
        {
            text.Append(chunk);
            return Task.CompletedTask;
        }
    }
}
