using System.Collections.Concurrent;
using Kobbopay.Contracts;
using Kobbopay.Testing;
using MassTransit;

namespace Kobbopay.IntegrationTests.Faults;

/// <summary>
/// Payments killed between any two steps of a creation, of the relay, of a scan and of the audit log, while a
/// merchant's backend repeats what it got no answer to: nothing is lost, nothing happens twice, the feed is dense.
/// </summary>
public sealed class KillTests
{
    private const int Orders = 8;
    private const int EventsOfOne = 3;

    [Theory]
    [InlineData("create.drafted:3")]
    [InlineData("create.committed:3")]
    [InlineData("sequencer.taken")]
    [InlineData("sequencer.written")]
    [InlineData("sequencer.committed")]
    [InlineData("relay.claimed")]
    [InlineData("relay.confirmed")]
    [InlineData("relay.deleted")]
    [InlineData("scan.read")]
    [InlineData("scan.written")]
    [InlineData("scan.committed")]
    [InlineData("audit.taken")]
    [InlineData("audit.written")]
    public async Task A_kill_costs_nothing_but_time(string faultPoint)
    {
        await using var payments = await MortalPayments.CreateAsync();
        await using var probe = await BusProbe.StartAsync(payments.Broker);
        payments.Start(faultPoint);

        var bodies = await PlayAsync(payments);

        await Eventually.GetAsync(
            () => payments.QueryAsync<long>("select count(*) from payments where status = 'Confirmed'"),
            confirmed => confirmed == Orders,
            TimeSpan.FromSeconds(60));
        await AuditIsWholeAsync(payments);
        payments.Deaths.Should().Be(1, "the fault point has to be one that is passed");
        (await payments.QueryAsync<long>("select count(*) from payments")).Should().Be(Orders);
        (await payments.QueryAsync<long>("select count(*) from transfers")).Should().Be(Orders);
        (await payments.QueryAsync<long>("select count(*) from payment_timeline")).Should().Be(Orders * EventsOfOne);
        await FeedIsDenseAsync(payments);
        await probe.SeesAsync(await EventIdsAsync(payments));
        for (var order = 0; order < Orders; order++)
            (await CreateAsync(payments, order)).Body.Should().Be(bodies[order]);
    }

    /// <summary>A payment for each order, each paid and confirmed.</summary>
    private static async Task<string[]> PlayAsync(MortalPayments payments)
    {
        var created = new List<PaymentsApi.ApiAnswer>();
        for (var order = 0; order < Orders; order++)
            created.Add(await CreateAsync(payments, order));
        foreach (var (order, payment) in created.Index())
        {
            var id = (string)payment.Json["payment_id"]!;
            await payments.PostAsync($"/v1/sandbox/payments/{id}/pay", json: null, $"pay-{order}");
        }

        await payments.PostAsync("/v1/sandbox/networks/example-network/mine", """{"blocks": 3}""", "mine");
        return [.. created.Select(payment => payment.Body)];
    }

    private static Task<PaymentsApi.ApiAnswer> CreateAsync(MortalPayments payments, int order) => payments.PostAsync(
        "/v1/payments",
        $$"""{"amount": 10.5, "currency": "USDT", "network": "example-network", "orderId": "order-{{order}}"}""",
        $"create-{order}");

    private static async Task FeedIsDenseAsync(MortalPayments payments)
    {
        await Eventually.GetAsync(
            () => payments.QueryAsync<string>("""
                select count(*) || ' ' || min(sequence) || '-' || max(sequence) || ' ' || count(distinct sequence)
                from events
                """),
            feed => feed == $"{Orders * EventsOfOne} 1-{Orders * EventsOfOne} {Orders * EventsOfOne}");
        (await payments.QueryAsync<long>("""
            select count(*) from (
              select version, row_number() over (partition by payment_id order by sequence) as place from events) e
            where version <> place
            """)).Should().Be(0, "the sequence follows the version");
    }

    /// <summary>Each payment and each move of the sandbox is in one entry, and the chain holds.</summary>
    private static async Task AuditIsWholeAsync(MortalPayments payments)
    {
        await Eventually.GetAsync(
            () => payments.QueryAsync<string>("""
                with entries as (select entry::jsonb as entry from audit_log)
                select concat_ws(' ', count(id), count(distinct id),
                  (select count(*) from entries where entry ->> 'action' = 'sandbox.paid'),
                  (select count(*) from entries where entry ->> 'action' = 'sandbox.mined'))
                from entries, jsonb_array_elements_text(entry -> 'details' -> 'payments') id
                """),
            counts => counts == $"{Orders} {Orders} {Orders} 1");
        (await payments.QueryAsync<long>("""
            select count(*) from (
              select sequence, row_number() over (order by sequence) as place, hash, sha256(
                coalesce(lag(hash) over (order by sequence), decode(repeat('00', 32), 'hex'))
                || convert_to(entry, 'UTF8')) as proper
              from audit_log) a
            where sequence <> place or hash <> proper
            """)).Should().Be(0);
    }

    private static async Task<HashSet<Guid>> EventIdsAsync(MortalPayments payments)
    {
        await using var command = payments.Database.CreateCommand("select id from events");
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var ids = new HashSet<Guid>();
        while (await row.ReadAsync(TestContext.Current.CancellationToken))
            ids.Add(row.GetGuid(0));
        return ids;
    }

    /// <summary>A consumer with a queue of its own, which writes down what the bus brings.</summary>
    private sealed class BusProbe(IBusControl bus, ConcurrentDictionary<Guid, byte> seen) : IAsyncDisposable
    {
        public static async Task<BusProbe> StartAsync(Uri broker)
        {
            var seen = new ConcurrentDictionary<Guid, byte>();
            var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
            {
                rabbit.Host(broker);
                rabbit.ReceiveEndpoint("probe", endpoint => endpoint.Handler<PaymentsChanged>(context =>
                {
                    foreach (var one in context.Message.Events)
                        seen.TryAdd(one.EventId, 0);
                    return Task.CompletedTask;
                }));
            });
            await bus.StartAsync(TestContext.Current.CancellationToken);
            return new BusProbe(bus, seen);
        }

        public Task SeesAsync(HashSet<Guid> events) => Eventually.TrueAsync(() => events.IsSubsetOf(seen.Keys));

        public async ValueTask DisposeAsync() => await bus.StopAsync();
    }
}
