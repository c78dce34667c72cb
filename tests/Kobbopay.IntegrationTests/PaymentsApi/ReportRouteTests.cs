using Kobbopay.IntegrationTests.Rails;
using Kobbopay.Payments.Reports;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>The report over HTTP: what it looks like, and what it refuses.</summary>
public sealed class ReportRouteTests : IAsyncLifetime
{
    private const string Header =
        "payment_id,orderId,status,outcome,network,currency,txHash,blockNumber,blockHash,blockTime,transferId,amount,"
        + "address,addressPath,xpubFingerprint,createdAt,paidAt,confirmedAt,expiresAt";

    private RunningPayments _payments = null!;

    private static string Today => Span(TimeSpan.FromDays(1));

    public async ValueTask InitializeAsync() => _payments = await RunningPayments.StartAsync();

    public async ValueTask DisposeAsync() => await _payments.DisposeAsync();

    [Fact]
    public async Task A_confirmed_payment_has_its_row_and_its_total_and_an_open_one_waits()
    {
        var id = await _payments.CreatePaymentAsync("order-1");
        await _payments.CreatePaymentAsync("order-2", "3");
        var paid = await _payments.PostAsync($"/v1/sandbox/payments/{id}/pay");
        await _payments.PostAsync("/v1/sandbox/networks/example-network/mine", """{"blocks": 2}""");
        var payment = await _payments.StatusAsync(id, "Confirmed");
        var transfer = payment.GetProperty("transfers")[0];
        string Field(string name) => payment.GetProperty(name).GetString()!;

        var (headers, text) = await _payments.GetTextAsync($"/v1/reports/payments.csv?{Today}");

        headers.Should().Contain("Content-Type: text/csv; charset=utf-8; header=present")
            .And.Contain("Content-Disposition: attachment; filename=\"payments-");
        var row = string.Join(
            ',', id, "order-1", "Confirmed", "exact", "example-network", "USDT", paid.Text("txHash"),
            transfer.GetProperty("blockNumber").GetInt64().ToString(), transfer.GetProperty("blockHash").GetString(),
            paid.Body.GetProperty("block").GetProperty("time").GetString(), transfer.GetProperty("id").GetString(),
            "10.5", Field("depositAddress"), Field("addressPath"), string.Empty, Field("createdAt"), Field("paidAt"),
            Field("confirmedAt"), Field("expiresAt"));
        text.Should().Be($"{Header}\r\n{row}\r\nTOTAL,,,,example-network,USDT,,,,,,10.5,,,,,,,\r\n");

        var (_, created) = await _payments.GetTextAsync($"/v1/reports/payments.csv?{Today}&basis=createdAt");
        var lines = created.Split("\r\n");
        lines.Should().HaveCount(5);
        lines[1].Should().Be(row);
        lines[2].Should().Contain(",order-2,Pending,none,example-network,USDT,,,,,,,sim1");
        lines[3].Should().Be("TOTAL,,,,example-network,USDT,,,,,,10.5,,,,,,,");
    }

    [Fact]
    public async Task Nothing_in_the_span_is_a_header_and_others_payments_are_nothing()
    {
        await _payments.CreatePaymentAsync("order-1");
        foreach (var merchant in new[]
        {
            _payments.Merchant with { Environment = "live" },
            _payments.Merchant with { MerchantId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch) },
        })
        {
            (await _payments.GetTextAsync($"/v1/reports/payments.csv?{Today}&basis=createdAt", merchant)).Text
                .Should().Be($"{Header}\r\n");
        }

        (await _payments.GetTextAsync(
            "/v1/reports/payments.csv?from=2020-01-01T00:00:00Z&to=2021-01-01T00:00:00Z&basis=createdAt")).Text
            .Should().Be($"{Header}\r\n");
    }

    [Theory]
    [InlineData("=SUM(A1)", "'=SUM(A1)")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@x", "'@x")]
    [InlineData("＝1", "'＝1")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("=\"a\"", "\"'=\"\"a\"\"\"")]
    [InlineData("größer", "größer")]
    public async Task An_order_is_quoted_and_never_a_formula(string order, string cell)
    {
        var created = await _payments.PostAsync(
            "/v1/payments",
            $$"""
            {"amount": 1, "currency": "USDT", "network": "example-network",
             "orderId": {{System.Text.Json.JsonSerializer.Serialize(order)}}}
            """);
        created.Status.Should().Be(201);
        (await _payments.GetTextAsync($"/v1/reports/payments.csv?{Today}&basis=createdAt")).Text
            .Should().Contain($"\r\n{created.Text("payment_id")},{cell},Pending,");
    }

    [Theory]
    [InlineData("", "?from")]
    [InlineData("from=2026-01-01T00:00:00Z", "?to")]
    [InlineData("from=2026-01-01&to=2026-01-02T00:00:00Z", "?from")]
    [InlineData("from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z", "?to")]
    [InlineData("from=2026-01-01T00:00:00Z&to=2027-01-02T00:00:00.001Z", "?to")]
    [InlineData("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&basis=paidAt", "?basis")]
    [InlineData("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&limit=5", "?limit")]
    public async Task A_span_has_both_ends_in_order_and_a_year_at_most(string query, string pointer)
    {
        (await _payments.GetAsync($"/v1/reports/payments.csv?{query}")).Problem
            .Should().Be((422, "invalid_request", pointer));
    }

    [Fact]
    public async Task A_report_of_many_rows_is_written_in_pieces()
    {
        await ExecuteAsync("""
            insert into payments
              (id, merchant_id, environment, status, outcome, version, amount, tolerance, required_confirmations,
               late_window, currency, network, chain, decimals, order_id, deposit_address, address_path, payment_uri,
               public_token, created_at, expires_at, confirmed_at)
            select gen_random_uuid(), $1, 'test', 'Confirmed', 'exact', 1, 1, 0, 1, '0', 'USDT', 'example-network', 'c',
              6, 'order', 'a' || n, '0/1', 'u', 't' || n, now(), now() + interval '1 hour', now()
            from generate_series(1, 10000) n
            """);
        var (_, text) = await _payments.GetTextAsync($"/v1/reports/payments.csv?{Today}");
        text.Split("\r\n").Should().HaveCount(10_003);
        text.Should().EndWith("TOTAL,,,,example-network,USDT,,,,,,0,,,,,,,\r\n");
    }

    [Fact]
    public void A_merchant_gets_one_report_at_a_time_and_a_process_writes_four()
    {
        var slots = new ReportSlots();
        var merchants = Enumerable.Range(0, 5)
            .Select(i => _payments.Merchant with { MerchantId = new Guid(i, 0, 0, new byte[8]) }).ToList();
        var first = slots.Take(merchants[0]);
        slots.Invoking(s => s.Take(merchants[0])).Should().Throw<ProblemException>()
            .Which.Code.Should().Be(ProblemCodes.RateLimited);
        foreach (var merchant in merchants[1..4])
            slots.Take(merchant);
        slots.Invoking(s => s.Take(merchants[4])).Should().Throw<ProblemException>();
        first.Dispose();
        slots.Take(merchants[4]).Should().NotBeNull();
    }

    /// <summary>From so long ago to as long from now.</summary>
    private static string Span(TimeSpan half)
    {
        var now = TimeProvider.System.GetUtcNow();
        return $"from={now - half:yyyy-MM-ddTHH:mm:ssZ}&to={now + half:yyyy-MM-ddTHH:mm:ssZ}";
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _payments.Database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = _payments.Merchant.MerchantId });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
