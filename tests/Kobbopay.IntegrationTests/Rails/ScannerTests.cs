using System.Diagnostics;
using Kobbopay.Payments.Domain;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>Several scanners, scans that fail half-way, and the trace that a scan continues.</summary>
public sealed class ScannerTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Several_scanners_of_one_chain_make_each_event_once()
    {
        var payments = new List<Payments.PaymentRecord>();
        for (var i = 0; i < 5; i++)
        {
            payments.Add(await _world.CreatePaymentAsync("10"));
            await _world.PayAsync(payments[i], "10");
        }

        await _world.MineAsync(300);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(_world.ScanAsync)));
        await _world.ScanAsync();

        foreach (var payment in payments)
            (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
    }

    [Fact]
    public async Task A_chain_that_another_scanner_holds_is_left_to_it()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.MineAsync();
        await _world.ScanAsync();
        await _world.PayAsync(payment, "10");
        await using var other = await _world.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var held = await other.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = other.CreateCommand())
        {
            hold.CommandText = "select from chains for update";
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        (await _world.ScanOnceAsync()).Should().BeFalse();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Pending);

        await held.RollbackAsync(TestContext.Current.CancellationToken);
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Paid);
    }

    [Fact]
    public async Task A_scan_that_ends_before_its_cursor_is_stored_has_not_happened()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.PayAsync(payment, "10");
        await _world.ScalarAsync<object>("""
            create function end_session() returns trigger language plpgsql as $$
              begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
            create trigger dies before update on chains for each row execute function end_session();
            select 1
            """);

        await FluentActions.Awaiting(_world.ScanOnceAsync).Should().ThrowAsync<Npgsql.NpgsqlException>();

        (await _world.ScalarAsync<long>("select count(*) from transfers")).Should().Be(0);
        (await _world.ScalarAsync<long>("select count(*) from chain_blocks")).Should().Be(0);
        (await _world.EventsAsync(payment)).Should().Equal("payment.created");

        await _world.ScalarAsync<object>("drop trigger dies on chains; select 1");
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid");
    }

    [Fact]
    public async Task Events_belong_to_the_trace_of_the_request_that_mined_their_money()
    {
        var traces = new Dictionary<Guid, string>();
        for (var i = 0; i < 2; i++)
        {
            var payment = await _world.CreatePaymentAsync("10");
            using var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
            await _world.PayAsync(payment, "10");
            traces[payment.Details.Id] = request.TraceId.ToHexString();
        }

        await _world.ScanAsync();

        foreach (var (payment, trace) in traces)
        {
            (await _world.ScalarAsync<string>(
                $"select traceparent from pending_events where type = 'payment.paid' and payment_id = '{payment}'"))
                .Should().Contain(trace);
        }
    }
}
