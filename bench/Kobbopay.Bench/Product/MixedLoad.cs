using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Kobbopay.Bench.Load;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Product;

/// <summary>
/// What a day is made of, through the gateway and at an even rate: each payment is created and paid, its merchant reads
/// it, its payer's page asks for its status twice, and its webhooks are received.
/// </summary>
internal sealed class MixedLoad(ProductProcesses product, Creates creates, Receiver receiver)
{
    private const int Connections = 8;

    /// <summary>Requests after a payment's creation.</summary>
    private const int Later = 4;

    private const string Paid = "payment.paid";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentQueue<byte[]> next = [];
    private readonly ConcurrentBag<string> made = [];
    private volatile byte[]? lastStatus;

    /// <summary>Gives the number of payments; each has been paid, and its merchant told of it.</summary>
    public async Task<int> RunAsync(int perSecond, TimeSpan duration, CancellationToken cancellation)
    {
        var gateway = product.AddressOf(ResourceNames.Gateway);
        var creating = HttpLoop.PacedAsync(
            gateway, Connections, perSecond, duration, creates.NewBytesThroughGateway, StatusCodes.Status201Created,
            cancellation, Created);
        while (lastStatus is null && !creating.IsCompleted)
            await Task.Delay(Poll, TimeProvider.System, cancellation);
        var rest = HttpLoop.PacedAsync(
            gateway, Connections, perSecond * Later, duration, NextOrStatus, StatusCodes.Status200OK, cancellation);
        await Task.WhenAll(creating, rest);
        await HttpLoop.EachOnceAsync(gateway, next, StatusCodes.Status200OK, cancellation);
        await AllArrivedAsync(cancellation);
        return made.Count;
    }

    private void Created(string answer)
    {
        using var payment = JsonDocument.Parse(answer[answer.IndexOf('{', StringComparison.Ordinal)..]);
        var id = payment.RootElement.GetProperty("payment_id").GetString()!;
        var url = payment.RootElement.GetProperty("publicStatusUrl").GetString()!;
        var status = Request(HttpMethod.Get, $"/v1/public/payments/{url[(url.LastIndexOf('/') + 1)..]}");
        made.Add(id);
        next.Enqueue(status);
        next.Enqueue(creates.PayBytesThroughGateway(id));
        next.Enqueue(Request(HttpMethod.Get, $"/v1/payments/{id}", creates.Key()));
        lastStatus = status;
    }

    /// <summary>A page asks again where nothing else is to be done.</summary>
    private byte[] NextOrStatus() => next.TryDequeue(out var request) ? request : lastStatus!;

    private byte[] Request(HttpMethod method, string path, params KeyValuePair<string, string>[] headers) =>
        HttpConnection.Request(method, At(path), headers);

    private Uri At(string path) => new(product.AddressOf(ResourceNames.Gateway), path);

    private async Task AllArrivedAsync(CancellationToken cancellation)
    {
        var expected = made.ToHashSet(StringComparer.Ordinal);
        for (var watch = Stopwatch.StartNew(); ;)
        {
            var paid = (await receiver.ArrivalsAsync(cancellation)).Where(arrived => arrived.Type == Paid)
                .Select(arrived => arrived.Payment);
            expected.ExceptWith(paid);
            var counts = await receiver.CountsAsync(cancellation);
            if (expected.Count == 0 && counts.Refused == 0)
                return;
            if (watch.Elapsed > Patience || counts.Refused > 0)
                throw new InvalidOperationException($"{expected.Count} payments are not known as paid, {counts}.");
            await Task.Delay(Poll, TimeProvider.System, cancellation);
        }
    }
}
