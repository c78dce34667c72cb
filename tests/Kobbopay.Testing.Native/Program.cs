// A shop that is compiled ahead of time: the examples of docs/sdk.md and the webhook helper, without a JIT compiler and
// without whatever the trimmer found unused. Arguments: the API's address, a test key, a free port, a folder.
using System.Net;
using Kobbopay.Client;
using Kobbopay.Client.AspNetCore;
using Kobbopay.IntegrationTests.Sdk;
using Microsoft.Extensions.DependencyInjection;

var (address, key, port, folder) = (args[0], args[1], int.Parse(args[2]), args[3]);
var patience = TimeSpan.FromSeconds(60);
var shipped = new TaskCompletionSource();
var examples = new SdkExamples(line =>
{
    Console.WriteLine(line);
    if (line == "ship order-123")
        shipped.TrySetResult();
});

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
SdkExamples.Register(builder.Services, address, key);
await using var app = builder.Build();
string[] secrets = [];
var told = new TaskCompletionSource();
app.MapKobbopayWebhook("/events", () => secrets, (webhook, _) =>
{
    Console.WriteLine($"webhook {webhook.Type} of {webhook.ReadPayment()!.OrderId}");
    if (webhook.Type == KobbopayEventTypes.PaymentConfirmed)
        told.TrySetResult();
    return Task.CompletedTask;
});
await app.StartAsync();

var client = app.Services.GetRequiredService<KobbopayClient>();
secrets = [await SdkExamples.EndpointAsync(client, $"http://127.0.0.1:{port}/events")];
var payment = await examples.CreateAsync(client);
await examples.ListAsync(client);
await SdkExamples.PlayAsync(client, payment);
using var enough = new CancellationTokenSource(patience);
var feed = examples.FollowAsync(client, Path.Combine(folder, "cursor"), enough.Token);
await Task.WhenAll(told.Task, shipped.Task).WaitAsync(patience);
await enough.CancelAsync();
await feed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
await examples.RefusedAsync(client, new CreatePaymentRequest
{
    Amount = payment.Amount,
    Currency = payment.Currency,
    Network = payment.Network,
    OrderId = payment.OrderId,
});
return 0;
