// A merchant's webhook receiver: dotnet run --project samples/receiver-csharp
using System.Globalization;
using System.Net;
using System.Text.Json;
using Kobbopay.Client;
using Kobbopay.Client.AspNetCore;
using Kobbopay.Samples.Receiver;

const int LargestBody = 128 * 1024; // an event takes at most 64 KiB
const int DefaultPort = 9000;

var secrets = ReadSecrets();
if (secrets.Length == 0)
{
    await Console.Error.WriteLineAsync(
        "Set KOBBOPAY_WEBHOOK_SECRET to the secret (whsec_..., several with commas), or start `make run`.");
    return 1;
}

var port = Environment.GetEnvironmentVariable("PORT") is { Length: > 0 } text
    ? int.Parse(text, CultureInfo.InvariantCulture)
    : DefaultPort;
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Listen(IPAddress.Loopback, port);
    kestrel.Limits.MaxRequestBodySize = LargestBody;
});
var app = builder.Build();
var seen = new SeenEvents();

app.MapPost("/webhooks", async (HttpRequest request, CancellationToken cancellation) =>
{
    using var raw = new MemoryStream();
    await request.Body.CopyToAsync(raw, cancellation);
    var body = raw.ToArray();

    var (verified, cause) = Verify(request.Headers, body, secrets, TimeProvider.System.GetUtcNow());
    if (cause is not null)
    {
        Console.WriteLine($"refused: {cause}");
        return Results.Text(cause, statusCode: StatusCodes.Status400BadRequest);
    }

    using var parsed = JsonDocument.Parse(body); // only now: what was signed are the bytes
    var webhook = parsed.RootElement;
    var news = seen.Add(Field(webhook, "id")) ? "verified" : "duplicate";
    Console.WriteLine($"{news} {Field(webhook, "type")} payment_id={Field(webhook, "payment_id")}"
        + $" orderId={Field(webhook, "orderId")} sequence={Field(webhook, "sequence")}"
        + $" signatures={string.Join(',', verified)}");
    return Results.Ok();
});

// <helper>
// What gets here is verified and typed, and may be here for the second time. An exception is answered with a 500, and
// the event comes again. The secrets are asked for at each request: during a rotation, give the old and the new one.
app.MapKobbopayWebhook("/events", () => secrets, (KobbopayEvent webhook, CancellationToken cancellation) =>
{
    if (seen.Add(webhook.Id) && webhook.Type == "payment.confirmed")
        Console.WriteLine($"ship {webhook.OrderId}: {webhook.PaymentId} is {webhook.Status}");
    return Task.CompletedTask;
});
// </helper>

await app.StartAsync();
Console.WriteLine($"listening on {app.Urls.First()}/webhooks");
await app.WaitForShutdownAsync();
return 0;

// <verify>
// The signature headers that verified, or the cause of the refusal. One of the two that carry a signed time must vouch;
// X-Signature, which can be replayed for ever, is checked where it is present and never enough.
static (List<string> Verified, string? Cause) Verify(
    IHeaderDictionary headers, byte[] rawBody, string[] secrets, DateTimeOffset now)
{
    List<string> verified = [];
    var result = WebhookSignature.Verify(name => headers[name], rawBody, secrets, now);
    if (!result.IsValid)
        return (verified, result.Reason);

    foreach (var (scheme, header) in new[]
    {
        (WebhookSchemes.Standard, WebhookHeaders.StandardSignature),
        (WebhookSchemes.Kobbopay, WebhookHeaders.Signature),
        (WebhookSchemes.BodyOnly, WebhookHeaders.BodySignature),
    })
    {
        if (!headers.ContainsKey(header))
            continue;
        result = WebhookSignature.Verify(name => headers[name], rawBody, secrets, now, scheme);
        if (!result.IsValid)
            return (verified, result.Reason);
        verified.Add(header.ToLowerInvariant());
    }

    return (verified, Cause: null);
}
// </verify>

static string Field(JsonElement webhook, string name) =>
    webhook.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : "-";

// The environment, else what `make run` has written: .kobbopay/demo.env in this folder or one above it.
static string[] ReadSecrets()
{
    const string Assignment = "KOBBOPAY_WEBHOOK_SECRET=";
    var text = Environment.GetEnvironmentVariable(Assignment[..^1]);
    for (var folder = new DirectoryInfo("."); text is null && folder is not null; folder = folder.Parent)
    {
        var file = Path.Combine(folder.FullName, ".kobbopay", "demo.env");
        var lines = File.Exists(file) ? File.ReadAllLines(file) : [];
        text = Array.Find(lines, line => line.StartsWith(Assignment, StringComparison.Ordinal))?[Assignment.Length..];
    }

    string[] secrets = [.. (text ?? "").Split(',').Select(secret => secret.Trim()).Where(secret => secret.Length > 0)];
    return secrets.All(WebhookSecret.IsWellFormed) ? secrets : [];
}
