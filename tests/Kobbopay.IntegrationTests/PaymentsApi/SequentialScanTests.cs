using Kobbopay.IntegrationTests.Rails;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>
/// The whole service over tens of thousands of payments, its loops included: PostgreSQL itself counts how often it read
/// one of the large tables from end to end. Each request runs often enough for its prepared statement to get the
/// general plan.
/// </summary>
public sealed class SequentialScanTests
{
    private const int Times = 8;

    private static readonly string[] Requests =
    [
        "/v1/payments", "/v1/payments?orderId=order-300", "/v1/payments?status=Canceled", "/v1/payments?status=Pending",
        "/v1/payments?outcome=over", "/v1/payments?currency=DAI", "/v1/payments?network=example-network",
        "/v1/payments?metadata[customer]=c-7", "/v1/payments?createdTo=2026-01-01T00:10:00Z",
        "/v1/unmatched-transfers", "/v1/unmatched-transfers?reason=wrong_token", "/v1/events?after=100",
    ];

    [Fact]
    public async Task No_large_table_is_ever_read_from_end_to_end()
    {
        await using var first = await RunningPayments.StartAsync();
        var paid = await first.CreatePaymentAsync("order-a");
        await first.PostAsync($"/v1/sandbox/payments/{paid}/pay");
        await first.StatusAsync(paid, "Paid");
        var chain = await ScalarAsync<string>(first, "select chain from chains");
        await SeededPayments.AddAsync(first.Database, first.Merchant.MerchantId, chain);
        // Statements that were planned for empty tables, and the counts of filling them, end with the process.
        var payments = await first.RestartAsync();
        var before = await ScansAsync(payments);
        var looksBefore = await LooksAsync(payments);

        for (var i = 0; i < Times; i++)
        {
            foreach (var request in Requests)
                (await payments.GetAsync(request)).Status.Should().Be(200, request);
            foreach (var part in new[] { "", "/transfers", "/timeline" })
                (await payments.GetAsync($"/v1/payments/{paid}{part}")).Status.Should().Be(200);
            var page = await payments.GetAsync("/v1/payments?limit=3");
            await payments.GetAsync($"/v1/payments?limit=3&after={page.Text("nextCursor")}");
            foreach (var basis in new[] { "confirmedAt", "createdAt" })
            {
                await payments.GetTextAsync(
                    "/v1/reports/payments.csv?from=2026-01-01T01:00:00Z&to=2026-01-01T01:10:00Z&basis=" + basis);
            }

            var id = await payments.CreatePaymentAsync($"order-b{i}");
            await payments.PostAsync($"/v1/sandbox/payments/{id}/pay");
            await payments.StatusAsync(id, "Paid");
        }

        await using var last = await payments.RestartAsync();
        await Eventually.TrueAsync(async () => await LooksAsync(last) > looksBefore);
        (await ScansAsync(last)).Should().Be(before);
    }

    private static Task<string> ScansAsync(RunningPayments payments) => ScalarAsync<string>(
        payments,
        $"""
        select string_agg(relname || ' ' || seq_scan, ', ' order by relname) from pg_stat_user_tables
        where relname in (
          'payments', 'transfers', 'payment_timeline', 'unmatched_transfers', '{SeededPayments.EventsTable}')
        """);

    private static Task<long> LooksAsync(RunningPayments payments) => ScalarAsync<long>(
        payments, "select sum(idx_scan)::bigint from pg_stat_user_tables where relname = 'payments'");

    private static async Task<T> ScalarAsync<T>(RunningPayments payments, string sql)
    {
        await using var command = payments.Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
