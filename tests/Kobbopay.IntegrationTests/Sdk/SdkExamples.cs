using System.Diagnostics.CodeAnalysis;
using Kobbopay.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.Sdk;

/// <summary>
/// The examples of docs/sdk.md and of the package's README, which show the marked parts word by word;
/// <c>SdkExampleTests</c> runs them, and Kobbopay.Testing.Native as a program that is compiled ahead of time.
/// </summary>
[SuppressMessage("Performance", "CA1859:Use concrete types", Justification = "As a reader would write it.")]
internal sealed class SdkExamples(Action<string> tell)
{
    public static void Register(IServiceCollection services, string address, string apiKey)
    {
        // <register>
        services.AddKobbopayClient(options =>
        {
            options.BaseAddress = new Uri(address);
            options.ApiKey = apiKey;
        });
        // </register>
    }

    public static KobbopayClient Make(HttpClient http, string address, string apiKey)
    {
        // <make>
        var client = new KobbopayClient(http, new KobbopayClientOptions
        {
            BaseAddress = new Uri(address),
            ApiKey = apiKey,
        });
        // </make>
        return client;
    }

    public async Task<Payment> CreateAsync(KobbopayClient client)
    {
        // <create>
        Payment payment = await client.Payments.CreateAsync(new CreatePaymentRequest
        {
            Amount = 10.5m,
            Currency = "USDT",
            Network = "example-network",
            OrderId = "order-123",
        });
        tell($"Send the payer to {payment.PublicStatusUrl}");
        // </create>
        return payment;
    }

    public async Task CreateOnceAsync(KobbopayClient client, CreatePaymentRequest request, string jobId)
    {
        // <once>
        var result = await client.Payments.CreateAsync(request, idempotencyKey: $"create-{jobId}");
        if (result.IdempotencyReplayed || result.OrderReplayed)
            tell($"{result.Value.PaymentId} was there already");
        // </once>
    }

    public async Task ListAsync(KobbopayClient client)
    {
        // <list>
        var open = new PaymentFilter { Status = PaymentStatuses.Pending };
        await foreach (var payment in client.Payments.ListAsync(open, pageSize: 100))
            tell($"{payment.OrderId} waits for {payment.AmountDue} {payment.Currency}");
        // </list>
    }

    public async Task RefusedAsync(KobbopayClient client, CreatePaymentRequest request)
    {
        // <problem>
        try
        {
            await client.Payments.CreateAsync(request);
        }
        catch (KobbopayProblemException problem) when (problem.Code == KobbopayProblemCodes.OrderAlreadyPaid)
        {
            tell($"paid already by {problem.PaymentId}");
        }
        catch (KobbopayProblemException problem)
        {
            tell($"{problem.Code} at {problem.Errors.FirstOrDefault()?.Pointer}: {problem.Detail}");
            // What passes by itself was tried again before; an order may be, later.
            if (!problem.Retryable)
                throw;
        }
        // </problem>
    }

    public async Task FollowAsync(KobbopayClient client, string cursorFile, CancellationToken stoppingToken)
    {
        // <feed>
        var consumer = new EventFeedConsumer(client, new FileEventCursor(cursorFile), (one, cancellation) =>
        {
            // In order, and at least once: the event that a crash came in between of is here again.
            if (one.Type == KobbopayEventTypes.PaymentConfirmed
                && one.ReadPayment() is { Fulfilment.Decision: FulfilmentDecisions.Fulfil } payment)
            {
                tell($"ship {payment.OrderId}");
            }

            return Task.CompletedTask;
        });
        await consumer.RunAsync(stoppingToken);
        // </feed>
    }

    public static async Task<string> EndpointAsync(KobbopayClient client, string url)
    {
        // <endpoint>
        WebhookEndpointWithSecret endpoint = await client.WebhookEndpoints.CreateAsync(
            new CreateWebhookEndpointRequest { Url = url, Events = ["payment.*"] });
        var secret = endpoint.Secret ?? throw new InvalidOperationException("It was shown before: rotate it.");
        // </endpoint>
        return secret;
    }

    public static async Task PlayAsync(KobbopayClient client, Payment payment)
    {
        // <sandbox>
        await client.Sandbox.PayAsync(payment.PaymentId);
        await client.Sandbox.MineAsync(payment.Network, payment.RequiredConfirmations - 1);
        // </sandbox>
    }
}
