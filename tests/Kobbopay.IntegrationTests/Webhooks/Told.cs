using System.Collections.Concurrent;
using Kobbopay.Contracts;
using Kobbopay.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>What a service tells the others: the messages of one kind that its broker gets from now on.</summary>
internal sealed class Told<T>
    where T : class
{
    private readonly ConcurrentQueue<T> _messages = new();

    public IReadOnlyList<T> Messages => [.. _messages];

    public static async Task<Told<T>> ListenAsync(WebhooksHouse house)
    {
        var told = new Told<T>();
        var handle = house.Services.GetRequiredService<IBusControl>().ConnectReceiveEndpoint(
            $"test-{Id.New(TimeProvider.System)}",
            endpoint => endpoint.Handler<T>(context =>
            {
                told._messages.Enqueue(context.Message);
                return Task.CompletedTask;
            }));
        await handle.Ready.WaitAsync(TestContext.Current.CancellationToken);
        return told;
    }
}

internal static class ToldAudit
{
    /// <summary>The merchant's entries, "action subject details", once there are so many; and no others come.</summary>
    public static async Task<string[]> OfAsync(this Told<AuditRecorded> told, TestMerchant merchant, int count)
    {
        await Eventually.TrueAsync(() => Entries().Length >= count);
        await Eventually.GetAsync(
            () => merchant.House.QueryAsync<long>("select count(*) from outbox"), waiting => waiting == 0);
        return Entries();

        string[] Entries() =>
        [
            .. told.Messages.Where(entry => entry.MerchantId == merchant.Identity.MerchantId).OrderBy(entry => entry.Id)
                .Select(entry => $"{entry.Action} {entry.Subject} {entry.Details}"),
        ];
    }
}
